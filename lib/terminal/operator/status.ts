import type { DepotReport } from "../../depot/operator.ts";
import { shown } from "../text.ts";
import { count, formatDuration, formatSize } from "../units.ts";
import { defineOperatorCommand } from "./command.ts";

export const statusCommand = defineOperatorCommand({
  words: "",
  summary: "Shows how the whole depot is: files, places, repairs, connections.",
  flags: {},
  here: {},
  examples: [["deposito server status", "the depot that runs on ./deposito-data, at a glance"]],
  async run(_call, { id, operator, connections }) {
    return statusJson(await operator.status(), { depot: id, connections: connections() });
  },
  lines(status) {
    const { files, bytes, contents, contentBytes, repair, connections, uptimeSeconds } = status;
    return [
      `depot ${status.depot}, running for ${formatDuration(uptimeSeconds * 1000)}, ` +
      count(connections, "connection"),
      `${count(files, "file")}, ${formatSize(bytes)}; ${count(contents, "content")}, ` +
      formatSize(contentBytes),
      placesLine(status.places),
      repairLine(repair),
    ];
  },
});

type Status = ReturnType<typeof statusJson>;

function statusJson(report: DepotReport, about: { depot: string; connections: number }) {
  const { files, bytes, contents, contentBytes, uptimeMs } = report;
  const { queued, running, deficit, damaged, aside } = report;
  return {
    ...about,
    uptimeSeconds: Math.floor(uptimeMs / 1000),
    ...{ files, bytes, contents, contentBytes },
    places: report.places.map(({ id, name, state, draining }) => ({ id, name, state, draining })),
    repair: { queued, running, deficit, damaged, aside },
  };
}

/** How many are online; of the others their names. Those that are gone are nobody's concern. */
function placesLine(places: Status["places"]): string {
  const online = places.filter(({ state }) => state === "online").length;
  const away = places.filter(({ state }) => state === "lost" || state === "goodbye");
  const draining = places.filter((place) => place.draining && place.state !== "gone");
  return [
    `${count(online, "place")} online`,
    ...away.map(({ name, state }) =>
      `${shown(name)} ${state === "lost" ? "lost" : "said goodbye"}`
    ),
    ...draining.map(({ name }) => `${shown(name)} is being drained`),
  ].join(", ");
}

function repairLine({ queued, running, deficit, damaged, aside }: Status["repair"]): string {
  const parts = [
    ...deficit > 0 ? [`${count(deficit, "copy", "copies")} missing`] : [],
    ...damaged > 0 ? [`${count(damaged, "content")} without a good copy`] : [],
    ...running > 0 ? [`${running} being repaired`] : [],
    ...queued > 0 ? [`${queued} to be repaired`] : [],
    ...aside > 0 ? [`${count(aside, "copy", "copies")} set aside`] : [],
  ];
  return parts.length > 0 ? parts.join(", ") : "nothing to repair";
}
