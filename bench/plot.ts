/** What a small file costs, drawn against how many files there are, as an SVG. */
import type { Result } from "./rounds.ts";

const WIDTH = 640;
const HEIGHT = 320;
const FRAME = { left: 60, right: 45, top: 30, bottom: 50 };

/** Readable on a light page and on a dark one. */
const STYLE = `
  text { font: 12px sans-serif; fill: #555 }
  .frame { stroke: #888; fill: none }
  .line0 { stroke: #2a7ae2; fill: #2a7ae2 } .line1 { stroke: #d9822b; fill: #d9822b }
  polyline { fill: none !important; stroke-width: 2 }
  @media (prefers-color-scheme: dark) { text { fill: #bbb } }`;

/** A line of the plot. */
export interface Series {
  title: string;
  /** Files there are, and milliseconds that one costs. */
  points: { files: number; ms: number }[];
}

/** The rows of a scenario as points; `filesOf` says how many files a contestant has. */
export function seriesOf(result: Result, filesOf: (contestant: string) => number): Series {
  const points = result.rows.map(({ contestant, median }) => ({
    files: filesOf(contestant),
    ms: 1_000 * median / result.amount.count,
  }));
  return { title: result.title.split(",")[0]!, points: points.sort((a, b) => a.files - b.files) };
}

/** Files on a logarithmic scale with zero at its left end, milliseconds from zero. */
export function plot(series: readonly Series[]): string {
  const points = series.flatMap((line) => line.points);
  const mostMs = Math.max(...points.map(({ ms }) => ms)) * 1.2;
  const mostFiles = Math.max(...points.map(({ files }) => files));
  const fewest = Math.min(...points.map(({ files }) => files).filter((files) => files > 0));
  const from = Math.log10(fewest) - 1;
  const width = WIDTH - FRAME.left - FRAME.right;
  const height = HEIGHT - FRAME.top - FRAME.bottom;
  const x = (files: number) => {
    const part = files === 0 ? 0 : (Math.log10(files) - from) / (Math.log10(mostFiles) - from);
    return round(FRAME.left + part * width);
  };
  const y = (ms: number) => round(FRAME.top + height * (1 - ms / mostMs));
  const counts = [...new Set(points.map(({ files }) => files))];
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${HEIGHT}" role="img">`,
    `<title>Milliseconds a file against files in the catalog</title><style>${STYLE}</style>`,
    `<rect class="frame" x="${FRAME.left}" y="${FRAME.top}" width="${width}" height="${height}"/>`,
    ...counts.map((files) => text(x(files), HEIGHT - 32, files.toLocaleString("en"), "middle")),
    text(FRAME.left + width / 2, HEIGHT - 10, "files in the catalog", "middle"),
    ...[0, mostMs / 2, mostMs].map((ms) => text(FRAME.left - 6, y(ms) + 4, ms.toFixed(1), "end")),
    text(6, FRAME.top - 14, "ms a file", "start"),
    ...series.map(({ points }, index) =>
      `<polyline class="line${index}" points="${
        points.map(({ files, ms }) => `${x(files)},${y(ms)}`).join(" ")
      }"/>` + points.map(({ files, ms }) =>
        `<circle class="line${index}" cx="${x(files)}" cy="${y(ms)}" r="3"/>`
      ).join("")
    ),
    ...series.map(({ title, points }) =>
      text(x(points.at(-1)!.files) - 8, y(points.at(-1)!.ms) - 8, title, "end")
    ),
    "</svg>",
    "",
  ].join("\n");
}

function text(x: number, y: number, words: string, anchor: string): string {
  return `<text x="${x}" y="${round(y)}" text-anchor="${anchor}">${words}</text>`;
}

function round(value: number): number {
  return Math.round(value * 10) / 10;
}
