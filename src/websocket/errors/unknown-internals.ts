import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';

/** The versions of each package that the kit is tested with. `of` is the package that depends on it, if not the app. */
const PACKAGES: Readonly<Record<string, { readonly known: string; readonly of?: string }>> = {
  '@nestjs/common': { known: '11 and 12' },
  '@nestjs/core': { known: '11 and 12' },
  '@nestjs/websockets': { known: '11 and 12' },
  'socket.io': { known: '4.8', of: '@nestjs/platform-socket.io' },
  'socket.io-adapter': { known: '2.5', of: 'socket.io' },
  'engine.io': { known: '6.6', of: 'socket.io' },
  ws: { known: '8', of: 'engine.io' },
  '@nestjs/microservices': { known: '11 and 12' },
  'socket.io-client': { known: '4.8' },
  '@socket.io/component-emitter': { known: '3', of: 'socket.io-client' },
  'engine.io-client': { known: '6.6', of: 'socket.io-client' },
};

/** The internals of a package differ from those that the kit knows. Thrown when an app boots. */
export class UnknownInternalsError extends Error {
  override readonly name = 'UnknownInternalsError';

  /** @param difference for example `has no Socket#onevent` */
  constructor(packageName: string, difference: string) {
    const version = versionOf(packageName);
    super(
      `nest-realtime-kit knows ${packageName} ${PACKAGES[packageName]!.known}; ` +
        `this one${version ? ` (${version})` : ''} ${difference}. ` +
        'Install a version that is known, by "overrides" if another package asks for this one, or a newer nest-realtime-kit.',
    );
  }
}

/** Private members that the kit uses, by package: each class, or an object, with the names of its members. */
export type PrivateMembers = Readonly<
  Record<string, readonly (readonly [type: object | undefined, ...names: string[]])[]>
>;

/** @throws UnknownInternalsError when one of them is missing */
export function requireMembers(members: PrivateMembers): void {
  for (const [packageName, classes] of Object.entries(members)) {
    for (const [type = Object, ...names] of classes) {
      const missing = names.find((name) => !hasMember(type as { prototype?: object }, name));
      if (missing !== undefined)
        throw new UnknownInternalsError(
          packageName,
          `has no ${nameOf(type)}#${missing}, which is private to it and used all the same`,
        );
    }
  }
}

/** Whether an object, a class or its prototype has this member, or the code of the class uses it on `this`. */
function hasMember(type: { prototype?: object }, name: string): boolean {
  if (name in type || (type.prototype && name in type.prototype)) return true;
  const assigned = new RegExp(`\\bthis\\.${name}\\b`);
  for (let of: unknown = type; typeof of === 'function'; of = Object.getPrototypeOf(of))
    if (assigned.test(Function.prototype.toString.call(of))) return true;
  return false;
}

function nameOf(type: object): string {
  return typeof type === 'function' ? type.name : type.constructor.name;
}

/** The installed version; `undefined` if it cannot be found, for example in a bundle. */
function versionOf(packageName: string): string | undefined {
  try {
    const folder = `/node_modules/${packageName}/`;
    const entry = entryOf(packageName).replaceAll('\\', '/');
    const path = `${entry.slice(0, entry.lastIndexOf(folder))}${folder}package.json`;
    return (JSON.parse(readFileSync(path, 'utf8')) as { version: string }).version;
  } catch {
    return undefined;
  }
}

function entryOf(packageName: string): string {
  const of = PACKAGES[packageName]?.of;
  return createRequire(of ? entryOf(of) : join(process.cwd(), 'package.json')).resolve(packageName);
}
