// The parts of the dictionaries that are used, by themselves: their package's entry brings all of them.

declare module '@zxcvbn-ts/language-common/dist/adjacencyGraphs.json.mjs' {
  const graphs: typeof import('@zxcvbn-ts/language-common').adjacencyGraphs;
  export default graphs;
}

declare module '@zxcvbn-ts/language-en/dist/translations.mjs' {
  const translations: typeof import('@zxcvbn-ts/language-en').translations;
  export default translations;
}

declare module '@zxcvbn-ts/*.json.mjs' {
  const words: string[];
  export default words;
}
