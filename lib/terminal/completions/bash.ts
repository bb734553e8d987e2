import { type Completing, PARTS, type PlacedPoint, type Values } from "./points.ts";

/** A script that completes `deposito` in bash, also in the old one of macOS. */
export function bashCompletions({ points, values }: Completing): string {
  return `# Completions of deposito. Load them with: source <(deposito completions bash)
_deposito() {
  local current=\${COMP_WORDS[COMP_CWORD]} previous=\${COMP_WORDS[COMP_CWORD - 1]}
  local at= word words= flags= paths=
  case \${COMP_WORDS[0]##*/} in
${Object.entries(PARTS).map(([name, at]) => `    ${name}) at=${at} ;;`).join("\n")}
  esac
  for word in "\${COMP_WORDS[@]:1:COMP_CWORD-1}"; do
    case "$at/$word" in
${points.flatMap(stepCases).join("\n")}
    esac
  done
  case "$at" in
${points.map(pointCase).join("\n")}
  esac
  case "$previous" in
${Array.from(values, valueCase).join("\n")}
  esac
  [[ $current == -* ]] && words=$flags paths=
  # Without an answer bash completes paths itself, with all the quotes that they need.
  [[ $paths ]] && return
  compopt +o default 2>/dev/null
  COMPREPLY=($(compgen -W "$words" -- "$current"))
}
complete -o default -F _deposito deposito ${Object.keys(PARTS).join(" ")}
`;
}

function stepCases({ steps }: PlacedPoint): string[] {
  return steps.map(({ from, to }) => `      "${from}") at="${to}" ;;`);
}

function pointCase({ at, words, flags, takesPaths }: PlacedPoint): string {
  const names = Object.keys(flags).map((name) => `--${name}`).join(" ");
  const next = Object.keys(words).join(" ");
  return `    "${at}") words="${next}" flags="${names}"${takesPaths ? " paths=yes" : ""} ;;`;
}

function valueCase([name, values]: [string, Values]): string {
  if (values === "path") return `    --${name}) return ;;`;
  const words = values === "none" ? "" : values.join(" ");
  return `    --${name}) words="${words}" flags= paths= ;;`;
}
