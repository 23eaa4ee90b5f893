/** A histogram of Prometheus made of ones that are counted elsewhere: prom-client's own counts only what it is shown. */
import { Gauge, type MetricValueWithName, type Registry } from 'prom-client';
import { BUCKETS, type Histogram } from '../histogram.js';

type Answer = Awaited<ReturnType<Gauge['get']>>;

/** In the types of prom-client it is an enum, which does not exist. */
const HISTOGRAM = 'histogram' as unknown as Answer['type'];

export interface LabelledHistogram {
  labels: Record<string, string>;
  histogram: Histogram;
}

/** A gauge by its class only: a histogram's would take the values from elsewhere. */
export class TimingMetric extends Gauge {
  readonly #read: () => readonly LabelledHistogram[];

  /** @param name without a unit @param read asked at each scrape */
  constructor(name: string, help: string, registry: Registry, read: () => readonly LabelledHistogram[]) {
    super({ name: `${name}_seconds`, help, registers: [registry] });
    this.#read = read;
  }

  override async get(): Promise<Answer> {
    const answer = await super.get();
    return {
      ...answer,
      type: HISTOGRAM,
      values: this.#read().flatMap((labelled) => samplesOf(answer.name, labelled)),
    };
  }
}

/** As Prometheus has them: each bucket counts those below it as well. */
function samplesOf(name: string, { labels, histogram }: LabelledHistogram): MetricValueWithName<string>[] {
  let below = 0;
  const buckets = histogram.counts.map((count, bucket) => {
    below += count;
    const le = BUCKETS[bucket] ?? '+Inf';
    return { metricName: `${name}_bucket`, labels: { le, ...labels }, value: below };
  });
  return [
    ...buckets,
    { metricName: `${name}_sum`, labels, value: histogram.sum },
    { metricName: `${name}_count`, labels, value: below },
  ];
}
