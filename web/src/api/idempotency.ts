/** A key for one press of a button: sent again with it, nothing is created twice. (randomUUID is missing on plain http.) */
export function newKey(): string {
  return [...crypto.getRandomValues(new Uint8Array(16))].map((byte) => byte.toString(16).padStart(2, '0')).join('');
}
