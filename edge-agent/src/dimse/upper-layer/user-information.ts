import { err, ok, type Result } from '../result.ts';
import { item, items, textItem, trimmed } from './items.ts';
import type { AsyncOperations, RoleSelection, UserIdentity, UserInformation } from './pdu.ts';

/** Sub-items of the user information (PS3.7 §D.3.3); those that are not listed are read past. */
const types = {
  userInformation: 0x50,
  maxLength: 0x51,
  implementationClassUid: 0x52,
  asyncOperations: 0x53,
  role: 0x54,
  implementationVersionName: 0x55,
  userIdentity: 0x58,
  userIdentityResponse: 0x59,
} as const;

export function encodeUserInformation(user: UserInformation): Buffer {
  return item(
    types.userInformation,
    item(types.maxLength, uint32(user.maxPduLength)),
    textItem(types.implementationClassUid, user.implementationClassUid),
    ...(user.asyncOperations === undefined ? [] : [asyncOperations(user.asyncOperations)]),
    ...(user.roles ?? []).map(role),
    ...(user.implementationVersionName === ''
      ? []
      : [textItem(types.implementationVersionName, user.implementationVersionName)]),
    ...(user.userIdentity === undefined ? [] : [userIdentity(user.userIdentity)]),
    ...(user.userIdentityResponse === undefined
      ? []
      : [item(types.userIdentityResponse, withLength(user.userIdentityResponse))]),
  );
}

/** Decodes the body of a user information item. */
export function decodeUserInformation(body: Buffer): Result<UserInformation, string> {
  const parts = items(body);
  if (!parts.ok) return parts;
  const of = (type: number): Buffer | undefined => parts.value.find((part) => part.type === type)?.body;
  const maxLength = of(types.maxLength);
  if (maxLength !== undefined && maxLength.length !== 4) return err('the maximum length item has not 4 bytes');
  const window = of(types.asyncOperations);
  if (window !== undefined && window.length !== 4) return err('the asynchronous operations item has not 4 bytes');
  const roles = parts.value.filter(({ type }) => type === types.role).map((part) => readRole(part.body));
  const badRole = roles.find((one) => !one.ok);
  if (badRole !== undefined && !badRole.ok) return badRole;
  const identity = read(of(types.userIdentity), readIdentity);
  if (identity !== undefined && !identity.ok) return identity;
  const response = read(of(types.userIdentityResponse), (bytes) => readLengths(bytes, 1));
  if (response !== undefined && !response.ok) return response;
  return ok({
    maxPduLength: maxLength?.readUInt32BE(0) ?? 0,
    implementationClassUid: trimmed(of(types.implementationClassUid) ?? Buffer.alloc(0)),
    implementationVersionName: trimmed(of(types.implementationVersionName) ?? Buffer.alloc(0)),
    ...(window !== undefined && {
      asyncOperations: { invoked: window.readUInt16BE(0), performed: window.readUInt16BE(2) },
    }),
    ...(roles.length > 0 && { roles: roles.flatMap((one) => (one.ok ? [one.value] : [])) }),
    ...(identity !== undefined && { userIdentity: identity.value }),
    ...(response !== undefined && { userIdentityResponse: response.value[0] ?? Buffer.alloc(0) }),
  });
}

const read = <T>(bytes: Buffer | undefined, run: (bytes: Buffer) => T): T | undefined =>
  bytes === undefined ? undefined : run(bytes);

function asyncOperations({ invoked, performed }: AsyncOperations): Buffer {
  const body = Buffer.alloc(4);
  body.writeUInt16BE(invoked, 0);
  body.writeUInt16BE(performed, 2);
  return item(types.asyncOperations, body);
}

const role = ({ sopClassUid, scu, scp }: RoleSelection): Buffer =>
  item(types.role, withLength(Buffer.from(sopClassUid, 'latin1')), Buffer.from([scu ? 1 : 0, scp ? 1 : 0]));

function readRole(body: Buffer): Result<RoleSelection, string> {
  const length = body.length < 2 ? -1 : body.readUInt16BE(0);
  if (length < 0 || body.length < length + 4) return err('a role selection item is cut off');
  return ok({
    sopClassUid: trimmed(body.subarray(2, 2 + length)),
    scu: body.readUInt8(2 + length) === 1,
    scp: body.readUInt8(3 + length) === 1,
  });
}

const userIdentity = (identity: UserIdentity): Buffer =>
  item(
    types.userIdentity,
    Buffer.from([identity.type, identity.responseRequested ? 1 : 0]),
    withLength(identity.primary),
    withLength(identity.secondary),
  );

function readIdentity(body: Buffer): Result<UserIdentity, string> {
  if (body.length < 2) return err('the user identity item is cut off');
  const fields = readLengths(body.subarray(2), 2);
  if (!fields.ok) return fields;
  const [primary = Buffer.alloc(0), secondary = Buffer.alloc(0)] = fields.value;
  return ok({ type: body.readUInt8(0), responseRequested: body.readUInt8(1) === 1, primary, secondary });
}

/** Reads so many fields, each with a length of two bytes in front. */
function readLengths(bytes: Buffer, count: number): Result<Buffer[], string> {
  const fields: Buffer[] = [];
  let at = 0;
  for (let field = 0; field < count; field += 1) {
    const length = bytes.length - at < 2 ? -1 : bytes.readUInt16BE(at);
    if (length < 0 || at + 2 + length > bytes.length) return err('a user identity field is cut off');
    fields.push(bytes.subarray(at + 2, at + 2 + length));
    at += 2 + length;
  }
  return ok(fields);
}

function withLength(bytes: Uint8Array): Buffer {
  const head = Buffer.alloc(2);
  head.writeUInt16BE(bytes.length);
  return Buffer.concat([head, bytes]);
}

function uint32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(value);
  return bytes;
}
