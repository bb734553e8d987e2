import type { Flag } from "../arguments.ts";
import { type Completing, PARTS, type PlacedPoint } from "./points.ts";

/** A script that completes `deposito` in fish. */
export function fishCompletions({ points, values }: Completing): string {
  return `# Completions of deposito. Load them with: deposito completions fish | source
function __deposito_at
    set -l at
    for word in (commandline -opc)[2..]
        switch "$at/$word"
${points.flatMap(stepCases).join("\n")}
        end
    end
    test "$at" = "$argv[1]"
end
complete -c deposito -e
${Object.entries(PARTS).map(([name, at]) => `complete -c ${name} -w 'deposito ${at}'`).join("\n")}
complete -c deposito -f
${points.flatMap((point) => pointLines(point, values)).join("\n")}
`;
}

function stepCases({ steps }: PlacedPoint): string[] {
  return steps.flatMap(({ from, to }) => [
    `            case '${from}'`,
    `                set at '${to}'`,
  ]);
}

function pointLines(point: PlacedPoint, values: Completing["values"]): string[] {
  const { at, words, flags, takesPaths } = point;
  const here = `complete -c deposito -n ${quote(`__deposito_at ${quote(at)}`)}`;
  return [
    ...takesPaths ? [`${here} -F`] : [],
    ...Object.entries(words).map(([word, { summary }]) =>
      `${here} -a ${word} -d ${quote(summary)}`
    ),
    ...Object.entries(flags).map(([name, flag]) => `${here} ${flagWords(name, flag, values)}`),
  ];
}

function flagWords(name: string, { help }: Flag, values: Completing["values"]): string {
  const said = `-l ${name} -d ${quote(help)}`;
  const value = values.get(name);
  if (value === undefined) return said;
  if (value === "path") return `${said} -r -F`;
  return value === "none" ? `${said} -x` : `${said} -x -a ${quote(value.join(" "))}`;
}

function quote(text: string): string {
  return `'${text.replaceAll("\\", "\\\\").replaceAll("'", "\\'")}'`;
}
