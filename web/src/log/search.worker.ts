import { matchingLines } from './match';

export type SearchRequest = { id: number; from: number; text: string; query: string };
export type SearchAnswer = { id: number; hits: Uint32Array };

self.onmessage = ({ data }: MessageEvent<SearchRequest>) => {
  const hits = Uint32Array.from(matchingLines(data.text, data.from, data.query));
  self.postMessage({ id: data.id, hits } satisfies SearchAnswer, { transfer: [hits.buffer] });
};
