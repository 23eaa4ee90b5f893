/** The parts of the overview that change by themselves: what the page is made of, and what is sent while it is open. */
import { figureRow } from './figures.js';
import { aboutProcess, headline, reasonList } from './health.js';
import type { Html } from './html.js';
import { letterTable } from './letters.js';
import { queueTable } from './queues.js';
import { recentTable } from './recent.js';
import { sinkTable } from './sinks.js';
import { trafficCharts } from './traffic.js';
import type { Overview, View } from './view.js';

export const PARTS = {
  about: aboutProcess,
  headline,
  reasons: reasonList,
  figures: figureRow,
  queues: queueTable,
  traffic: trafficCharts,
  sinks: sinkTable,
  letters: letterTable,
  recent: recentTable,
} satisfies Record<string, (view: View, overview: Overview) => Html>;

export type Part = keyof typeof PARTS;

export function renderParts(view: View, overview: Overview): Record<Part, Html> {
  const rendered = Object.entries(PARTS).map(([name, render]) => [name, render(view, overview)]);
  return Object.fromEntries(rendered) as Record<Part, Html>;
}
