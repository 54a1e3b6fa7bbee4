// The side of the npm package `jose` in tests/verify/jose.rs: a question as JSON on standard input, the answer on
// standard output.

import { readFileSync } from "node:fs";
import * as jose from "jose";

const TYPE = "consent-receipt+jws";

/** What jose makes of each token, with only the keys of that set. */
async function check({ jwks, tokens }) {
  const keys = jose.createLocalJWKSet(jwks);
  return Promise.all(tokens.map(async (token) => {
    try {
      const { payload, protectedHeader } = await jose.compactVerify(token, keys);
      return { payload: new TextDecoder().decode(payload), header: protectedHeader };
    } catch (error) {
      return { error: error.code ?? error.name };
    }
  }));
}

/** Tokens that jose signs with a fresh key, one for each algorithm. */
async function sign({ payload, algorithms }) {
  const { publicKey, privateKey } = await jose.generateKeyPair("Ed25519", { extractable: true });
  const jwk = await jose.exportJWK(publicKey);
  const kid = await jose.calculateJwkThumbprint(jwk);
  const secret = await jose.exportJWK(privateKey);
  const tokens = await Promise.all(algorithms.map(async (alg) => {
    const signer = new jose.CompactSign(new TextEncoder().encode(payload));
    return signer.setProtectedHeader({ alg, kid, typ: TYPE }).sign(await jose.importJWK(secret, alg));
  }));
  return { jwk, kid, tokens };
}

const question = JSON.parse(readFileSync(0, "utf8"));
const answer = await (question.tokens ? check(question) : sign(question));
process.stdout.write(JSON.stringify(answer));
