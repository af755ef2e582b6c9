import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client';

/** What a server tells of itself, in Prometheus' text form. */
export interface ServerMetrics {
  readonly registry: Registry;
  readonly requests: Counter<'route' | 'status'>;
  readonly seconds: Histogram<'route'>;
  readonly engineEnds: Counter<'model'>;
}

/** Upper ends of a histogram's buckets, in seconds. */
const BUCKETS = [0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60];

/** @param now what gauges show when they are asked */
export function serverMetrics(now: {
  readonly running: () => number;
  readonly bodyBytes: () => number;
  readonly isReady: () => boolean;
}): ServerMetrics {
  const registry = new Registry();
  const registers = [registry];
  collectDefaultMetrics({ register: registry });
  const gauge = (name: string, help: string, value: () => number): void => {
    new Gauge({
      name,
      help,
      registers,
      collect() {
        this.set(value());
      },
    });
  };
  gauge('coca_requests_running', 'Requests that are worked on or wait for the model', now.running);
  gauge('coca_body_bytes', 'Bytes of bodies that are held', now.bodyBytes);
  gauge('coca_ready', 'Whether every model is loaded', () => Number(now.isReady()));
  return {
    registry,
    requests: new Counter({
      name: 'coca_requests_total',
      help: 'Requests that were answered',
      labelNames: ['route', 'status'],
      registers,
    }),
    seconds: new Histogram({
      name: 'coca_request_seconds',
      help: 'From the head of a request to its answer',
      labelNames: ['route'],
      buckets: BUCKETS,
      registers,
    }),
    engineEnds: new Counter({
      name: 'coca_engine_ends_total',
      help: 'How often the process of a model has ended before its time',
      labelNames: ['model'],
      registers,
    }),
  };
}
