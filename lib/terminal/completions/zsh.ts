import type { Flag } from "../arguments.ts";
import { type Completing, PARTS, type PlacedPoint, type Values } from "./points.ts";

/** A script that completes `deposito` in zsh, sourced or from the function path. */
export function zshCompletions({ points, values }: Completing): string {
  const parts = Object.keys(PARTS).join(" ");
  return `#compdef deposito ${parts}
# Completions of deposito. Load them with: source <(deposito completions zsh)
_deposito() {
  local at= word paths=
  local -a choices flags
  case "\${words[1]:t}" in
${Object.entries(PARTS).map(([name, at]) => `    ${name}) at=${at} ;;`).join("\n")}
  esac
  for word in "\${(@)words[2,CURRENT-1]}"; do
    case "$at/$word" in
${points.flatMap(stepCases).join("\n")}
    esac
  done
  case "$words[CURRENT-1]" in
${Array.from(values, valueCase).join("\n")}
  esac
  case "$at" in
${points.map(pointCase).join("\n")}
  esac
  if [[ $words[CURRENT] == -* ]]; then
    _describe -o flag flags
  elif [[ -n $paths ]]; then
    _files
  elif (( $#choices )); then
    _describe command choices
  fi
}
if [[ $funcstack[1] == _deposito ]]; then
  _deposito "$@"
else
  compdef _deposito deposito ${parts}
fi
`;
}

function stepCases({ steps }: PlacedPoint): string[] {
  return steps.map(({ from, to }) => `      '${from}') at='${to}' ;;`);
}

function pointCase({ at, words, flags, takesPaths }: PlacedPoint): string {
  const choices = Object.entries(words).map(([word, { summary }]) => quote(`${word}:${summary}`));
  const named = Object.entries(flags).map(flagChoice);
  return `    '${at}')
      ${takesPaths ? "paths=yes" : `choices=(${choices.join(" ")})`}
      flags=(${named.join("\n        ")})
      ;;`;
}

function flagChoice([name, { help }]: [string, Flag]): string {
  return quote(`--${name}:${help}`);
}

function valueCase([name, values]: [string, Values]): string {
  if (values === "path") return `    --${name}) _files; return ;;`;
  return values === "none"
    ? `    --${name}) return ;;`
    : `    --${name}) compadd -- ${values.join(" ")}; return ;;`;
}

function quote(text: string): string {
  return `'${text.replaceAll("'", "'\\''")}'`;
}
