/**
 * A line chart of the last hour as SVG: time goes from left to right, a gap in time is a gap in the line, and all lines
 * share one scale from zero. Its text alternative is the caller's.
 */
import { type Html, html } from './html.js';

const WIDTH = 600;
const HEIGHT = 96;
/** For the stroke. */
const MARGIN = 3;
const HOUR = 3_600_000;

export interface Line {
  /** Names its colour in the style sheet. */
  name: string;
  points: readonly { at: number; value: number }[];
}

export interface SparklineOptions {
  /** ms since the epoch at the right edge */
  now: number;
  /** ms between two points of a line without a gap. */
  step: number;
  label: string;
}

export function sparkline(lines: readonly Line[], { now, step, label }: SparklineOptions): Html {
  const top = Math.max(0, ...lines.flatMap(({ points }) => points.map(({ value }) => value)));
  const x = (at: number) => round(WIDTH * (1 - (now - at) / HOUR));
  const y = (value: number) => round(HEIGHT - MARGIN - (top > 0 ? value / top : 0) * (HEIGHT - 2 * MARGIN));
  const paths = lines.map(({ name, points }) => {
    const runs = runsOf(
      points.filter(({ at }) => at > now - HOUR && at <= now),
      step,
    );
    const strokes = runs.map((run) => `M${run.map(({ at, value }) => `${x(at)} ${y(value)}`).join('L')}`);
    const areas = runs.map(
      (run, index) =>
        `${strokes[index]}L${x(run.at(-1)?.at ?? now)} ${HEIGHT}L${x(run[0]?.at ?? now)} ${HEIGHT}Z`,
    );
    // A run of one point has no length: drawn back to itself it is a dot, by the round ends of its stroke.
    return html`<path class="area ${name}" d="${areas.join('')}"/><path class="line ${name}" d="${strokes
      .map((stroke) => (stroke.includes('L') ? stroke : `${stroke}h0.1`))
      .join('')}"/>`;
  });
  return html`<svg class="spark" role="img" aria-label="${label}" viewBox="0 0 ${WIDTH} ${HEIGHT}" preserveAspectRatio="none"><path class="grid" d="M0 ${
    HEIGHT - 0.5
  }H${WIDTH}M0 ${HEIGHT / 2}H${WIDTH}M0 0.5H${WIDTH}M${WIDTH / 4} 0V${HEIGHT}M${WIDTH / 2} 0V${HEIGHT}M${
    (WIDTH * 3) / 4
  } 0V${HEIGHT}"/>${paths}</svg>`;
}

function runsOf(points: Line['points'], step: number): Line['points'][] {
  const runs: { at: number; value: number }[][] = [];
  let last = Number.NEGATIVE_INFINITY;
  for (const point of points) {
    if (point.at - last > 1.5 * step) runs.push([]);
    runs.at(-1)?.push(point);
    last = point.at;
  }
  return runs;
}

function round(value: number): number {
  return Math.round(value * 10) / 10;
}
