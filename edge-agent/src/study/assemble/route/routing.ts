import type { ResultObject, Route } from '@collimator/shared/contracts/agent-config';

/** The name of a route: its own, or that of its release. */
export const routeName = ({ name, release }: Pick<Route, 'name' | 'release'>): string => name ?? release;

/** What of a job says where its results go; `routes` is null for a job that is older than names of routes. */
export type RoutedJob = { readonly releaseName: string; readonly routes: readonly string[] | null };

/** The routes that chose the series of a job, as far as they are still in the configuration. */
export const routesOf = (routes: readonly Route[], job: RoutedJob): readonly Route[] =>
  routes.filter((route) => route.release === job.releaseName && (job.routes?.includes(routeName(route)) ?? true));

/** Every kind of object that one of the routes sends. */
export const objectsOf = (routes: readonly Route[]): readonly ResultObject[] => [
  ...new Set(routes.flatMap(({ objects }) => objects)),
];

/** The routes that report an outcome; one with a measurement is always reported. */
export const reporting = (routes: readonly Route[], outcome: keyof Route['outcomes'] | 'measured'): readonly Route[] =>
  outcome === 'measured' ? routes : routes.filter(({ outcomes }) => outcomes[outcome]);

/** Where an object goes: each destination once, of the routes that send that kind. */
export const destinationsOf = (routes: readonly Route[], object: ResultObject): readonly string[] => [
  ...new Set(routes.filter(({ objects }) => objects.includes(object)).flatMap(({ destinations }) => destinations)),
];
