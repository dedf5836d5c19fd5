import { isDeepStrictEqual } from 'node:util';
import type { Route } from '@collimator/shared/contracts/agent-config';
import type { Problem } from '@collimator/shared/contracts/validate';
import { routeName } from '../study/assemble/route/routing.ts';
import { descriptionPattern } from '../study/assemble/route/description-pattern.ts';

/** What a schema cannot say of routes: names that meet, and conditions that no series can fulfil. */
export function routeProblems(routes: readonly Route[]): Problem[] {
  const names = routes.map(routeName);
  const twice = names.flatMap((name, i) =>
    names.indexOf(name) === i
      ? []
      : [
          {
            path: `routes[${i}].name`,
            what: `${name} is the name of another route too; give each route of a release a name of its own`,
          },
        ],
  );
  const mixed = routes.flatMap(({ release, complete }, i) =>
    (routes.find((route) => route.release === release)?.complete ?? complete) === complete
      ? []
      : [{ path: `routes[${i}].complete`, what: `must be the same for all routes of ${release}` }],
  );
  return [
    ...twice,
    ...mixed,
    ...styles(routes),
    ...routes.flatMap((route, i) => selectProblems(route, `routes[${i}].select`)),
  ];
}

/** Routes of one release that take the same series share its results, which are made in one way. */
function styles(routes: readonly Route[]): Problem[] {
  return routes.flatMap((route, i) => {
    const first = routes.findIndex(({ release }) => release === route.release);
    const other = routes[first] ?? route;
    return (['report', 'segmentation', 'key_images', 'unattested'] as const).flatMap((key) =>
      isDeepStrictEqual(route[key], other[key])
        ? []
        : [{ path: `routes[${i}].${key}`, what: `differs from routes[${first}], which has the same release` }],
    );
  });
}

function selectProblems({ select }: Route, path: string): Problem[] {
  const upsideDown = (['slices', 'thickness_mm'] as const).flatMap((key) => {
    const { min = 0, max = Number.POSITIVE_INFINITY } = select[key] ?? {};
    return min > max ? [{ path: `${path}.${key}.min`, what: 'is more than max' }] : [];
  });
  const pattern = select.series_description;
  return pattern === undefined || descriptionPattern(pattern) !== undefined
    ? upsideDown
    : [...upsideDown, { path: `${path}.series_description`, what: 'is no regular expression' }];
}
