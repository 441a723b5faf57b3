// Owns Draft: the names that the file defines, read even where other parts of it are wrong, for references to be checked.
import type { PlainHttp, RouteConfig } from './config.ts';
import type { Place } from './finding.ts';
import { readDomain, readRouteHost } from './host-names.ts';
import { entriesOf, listOf, memberOf, textOf, valueAt } from './loose.ts';
import { expandPreset, PRESET_NAMES, type Preset, type PresetName, replaces } from './presets.ts';

/** A route of the file, as far as it can be read. */
export type DraftRoute = {
  place: Place;
  name: string | undefined;
  host: string | undefined;
  path: string | undefined;
  upstream: string | undefined;
  refuses: boolean;
  role: string;
  plainHttp: string;
};

export type Draft = {
  raw: unknown;
  presetName: PresetName | undefined;
  preset: Preset;
  /** The routes of the file. */
  own: DraftRoute[];
  /** The preset's routes that none of the file's replaced. */
  kept: RouteConfig[];
  domains: Set<string>;
  upstreams: Set<string>;
  /** Whether each set of names is whole. Where one could not be read, a name that is not found may be that one. */
  whole: { domains: boolean; upstreams: boolean; routes: boolean };
};

/** Reads the names. `isWrong` tells whether a fault is known at a place already. */
export function readDraft(raw: unknown, isWrong: (place: Place) => boolean): Draft {
  const presetText = textOf(valueAt(raw, ['upstream', 'preset']));
  const presetName = PRESET_NAMES.find((name) => name === presetText);
  const plain = textOf(memberOf(raw, 'otaOverHttp'));
  const preset =
    presetName === undefined
      ? { upstreams: {}, routes: [] }
      : expandPreset(
          presetName,
          'localhost',
          {},
          plain === 'always' || plain === 'never' ? (plain satisfies PlainHttp) : 'lan',
        );
  const presetKnown = memberOf(raw, 'upstream') === undefined || presetName !== undefined;
  const own = listOf(memberOf(raw, 'routes')).map((route, index) => readRoute(route, ['routes', index]));
  const places = domainPlaces(raw);
  const domains = places.flatMap((place) => {
    const reading = readDomain(valueAt(raw, place));
    return reading.ok ? [reading.value] : [];
  });
  return {
    raw,
    presetName,
    preset,
    own,
    kept: preset.routes.filter((route) => !own.some((each) => replaces(each, route))),
    domains: new Set(domains),
    upstreams: new Set([
      ...Object.keys(preset.upstreams),
      ...entriesOf(memberOf(raw, 'upstreams')).map(([name]) => name),
    ]),
    whole: {
      domains: !isWrong(['domains']) && !isWrong(['domain']) && !places.some(isWrong),
      upstreams: presetKnown && !isWrong(['upstreams']),
      routes:
        presetKnown && !isWrong(['routes']) && !own.some(({ place }) => isWrong(place) || isWrong([...place, 'name'])),
    },
  };
}

/** Where the domains are, the main one first. */
export function domainPlaces(raw: unknown): Place[] {
  const several = listOf(memberOf(raw, 'domains')).map((_, index) => ['domains', index]);
  return memberOf(raw, 'domain') === undefined ? several : [['domain'], ...several];
}

function readRoute(route: unknown, place: Place): DraftRoute {
  const host = readRouteHost(memberOf(route, 'host'));
  const refuse = memberOf(route, 'refuse');
  return {
    place,
    name: textOf(memberOf(route, 'name')),
    host: host.ok ? host.value : textOf(memberOf(route, 'host')),
    path: textOf(memberOf(route, 'path')),
    upstream: textOf(memberOf(route, 'upstream')),
    refuses: refuse === true || refuse === 'true',
    role: textOf(memberOf(route, 'role')) ?? 'web',
    plainHttp: textOf(memberOf(route, 'plainHttp')) ?? 'lan',
  };
}
