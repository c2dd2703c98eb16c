// Strict clients against our gateway: openid-client runs every flow, oauth4webapi judges the access tokens.
// Configuration on stdin as one JSON line: {mode, issuer, api, mutual_api, token_endpoint, secret, keys, certificate};
// prints a line per flow and `DONE`. The CA comes by NODE_EXTRA_CA_CERTS.
//   mode "flows"    everything the rfc dialect offers
//   mode "stranger" a server that is none for such a client: it prints how each attempt ends
import http from 'node:http'
import https from 'node:https'
import { once } from 'node:events'
import { importPKCS8 } from 'jose'
import * as client from 'openid-client'
import * as oauth from 'oauth4webapi'

const [line] = await once(process.stdin.setEncoding('utf8'), 'data')
const given = JSON.parse(line)
const SCOPE = 'payments:read payments:write'

function equal(found, wanted, why) {
  if (JSON.stringify(found) !== JSON.stringify(wanted)) throw new Error(`${why}: ${JSON.stringify(found)} is not ${JSON.stringify(wanted)}`)
}

async function flow(name, run) {
  try {
    await run()
  } catch (error) {
    console.log(`FAILED ${name}: ${error?.stack} ${JSON.stringify(error?.cause ?? error?.error)}`)
    process.exit(1)
  }
  console.log(`ok ${name}`)
}

/** What the API says to a token. */
async function api(config, token, url = given.api, options = {}) {
  const response = await client.fetchProtectedResource(config, token, new URL(`${url}/payments`), 'GET', undefined, undefined, options)
  equal(response.status, 200, 'the API takes the token')
}

/** fetch with a client certificate. */
function mutual({ cert, key }) {
  const agent = new https.Agent({ cert, key })
  return (url, { method, headers, body }) =>
    new Promise((resolve, reject) => {
      const request = https.request(url, { agent, method, headers: Object.fromEntries(new Headers(headers)) }, (answer) => {
        const pieces = []
        answer.on('data', (piece) => pieces.push(piece))
        answer.on('error', reject)
        answer.on('end', () => {
          const content = [204, 304].includes(answer.statusCode) ? null : Buffer.concat(pieces)
          resolve(new Response(content, { status: answer.statusCode, headers: answer.headers }))
        })
      })
      request.on('error', reject)
      request.end(body ? String(body) : undefined)
    })
}

/** A browser: follows the redirect to a listener of the client's own, on a port of its choice. */
async function browse(build) {
  const server = http.createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const redirect_uri = `http://127.0.0.1:${server.address().port}/callback`
  try {
    const came = once(server, 'request').then(([request, response]) => {
      response.end('done')
      return new URL(request.url, redirect_uri)
    })
    await fetch(await build(redirect_uri))
    return await came
  } finally {
    server.close()
  }
}

async function flows() {
  const server = new URL(given.issuer)
  const discovered = (id, authentication, metadata, options) => client.discovery(server, id, metadata, authentication, options)
  const basic = await discovered('demo-client', client.ClientSecretBasic(given.secret))
  const as = basic.serverMetadata()
  equal(as.issuer, given.issuer, 'the issuer')
  const ours = await discovered('demo-public', client.None())

  await flow('discovery in both places', async () => {
    const other = await discovered('demo-client', client.ClientSecretBasic(given.secret), undefined, { algorithm: 'oauth2' })
    equal(other.serverMetadata().token_endpoint, as.token_endpoint, 'the same metadata')
  })

  const ways = {
    client_secret_basic: client.ClientSecretBasic(given.secret),
    client_secret_post: client.ClientSecretPost(given.secret),
    client_secret_jwt: client.ClientSecretJwt(given.secret),
  }
  for (const [alg, pem] of Object.entries(given.keys)) {
    // RFC 9864 has a new name for this one; the gateway knows the old one
    const options = alg === 'EdDSA' ? { [client.modifyAssertion]: (header) => (header.alg = 'EdDSA') } : undefined
    ways[`private_key_jwt ${alg}`] = client.PrivateKeyJwt({ key: await importPKCS8(pem, alg), kid: alg }, options)
  }
  for (const [name, authentication] of Object.entries(ways)) {
    await flow(name, async () => {
      const config = await discovered('demo-client', authentication)
      const tokens = await client.clientCredentialsGrant(config, { scope: SCOPE })
      equal([tokens.scope, tokens.expires_in], [SCOPE, 300], 'scope and life')
      await api(config, tokens.access_token)
    })
  }

  for (const [name, certificate] of Object.entries(given.certificates)) {
    await flow(name, async () => {
      const fetching = mutual(certificate)
      const metadata = { use_mtls_endpoint_aliases: true }
      const config = await discovered('demo-client', client.TlsClientAuth(), metadata, { [client.customFetch]: fetching })
      const tokens = await client.clientCredentialsGrant(config, { scope: SCOPE })
      await api(config, tokens.access_token, given.mutual_api)
      const elsewhere = await fetch(`${given.api}/payments`, { headers: { authorization: `Bearer ${tokens.access_token}` } })
      equal(elsewhere.status, 401, 'without the certificate it is worth nothing')
    })
  }

  await flow('access token by RFC 9068', async () => {
    const tokens = await client.clientCredentialsGrant(basic, { scope: SCOPE })
    const request = new Request(`${given.api}/payments`, { headers: { authorization: `Bearer ${tokens.access_token}` } })
    const claims = await oauth.validateJwtAccessToken(as, request, given.audience)
    equal([claims.client_id, claims.scope], ['demo-client', SCOPE], 'its claims')
  })

  await flow('refresh_token', async () => {
    const first = await client.clientCredentialsGrant(basic, { scope: 'payments:read payments:refund' })
    const second = await client.refreshTokenGrant(basic, first.refresh_token)
    if (second.refresh_token === first.refresh_token) throw new Error('it does not rotate')
    await client.refreshTokenGrant(basic, first.refresh_token).then(
      () => Promise.reject(new Error('a spent one is taken')),
      (error) => equal(error.error, 'invalid_grant', 'a spent one')
    )
  })

  const sign_in = async (config, parameters, options) => {
    const verifier = client.randomPKCECodeVerifier()
    const state = client.randomState()
    const code_challenge = await client.calculatePKCECodeChallenge(verifier)
    const usual = { scope: SCOPE, state, code_challenge, code_challenge_method: 'S256', ...parameters }
    const came = await browse((redirect_uri) =>
      options.pushed
        ? client.buildAuthorizationUrlWithPAR(config, { redirect_uri, ...usual }, options)
        : client.buildAuthorizationUrl(config, { redirect_uri, ...usual })
    )
    return client.authorizationCodeGrant(config, came, { pkceCodeVerifier: verifier, expectedState: state }, undefined, options)
  }
  await flow('authorization_code with PKCE', async () => {
    const tokens = await sign_in(ours, {}, {})
    await api(ours, tokens.access_token)
    const renewed = await client.refreshTokenGrant(ours, tokens.refresh_token)
    await api(ours, renewed.access_token)
  })
  await flow('pushed authorization request', async () => {
    const tokens = await sign_in(basic, { resource: given.api }, { pushed: true })
    await api(basic, tokens.access_token)
  })
  await flow('authorization_details', async () => {
    const details = [{ type: 'payment_initiation', instructedAmount: { currency: 'AED', amount: '12.50' } }]
    const tokens = await sign_in(ours, { authorization_details: JSON.stringify(details) }, {})
    equal(tokens.authorization_details, details, 'echoed')
  })

  await flow('device_code', async () => {
    const device = await client.initiateDeviceAuthorization(ours, { scope: SCOPE })
    const polled = client.pollDeviceAuthorizationGrant(ours, device)
    equal((await fetch(device.verification_uri_complete)).status, 200, 'approved')
    await api(ours, (await polled).access_token)
  })

  for (const alg of ['ES256', 'RS256', 'PS256']) {
    await flow(`DPoP ${alg}`, async () => {
      const pair = await client.randomDPoPKeyPair(alg)
      const DPoP = client.getDPoPHandle(basic, pair)
      const tokens = await client.clientCredentialsGrant(basic, { scope: SCOPE }, { DPoP })
      equal(tokens.token_type, 'dpop', 'the type, in lower case as the client tells it')
      await api(basic, tokens.access_token, given.api, { DPoP })
    })
  }
  await flow('DPoP with a code, pushed, and a refresh token bound to the key', async () => {
    const DPoP = client.getDPoPHandle(ours, await client.randomDPoPKeyPair('ES256'))
    const tokens = await sign_in(ours, {}, { DPoP, pushed: true })
    const renewed = await client.refreshTokenGrant(ours, tokens.refresh_token, undefined, { DPoP })
    await api(ours, renewed.access_token, given.api, { DPoP })
  })

  await flow('token exchange', async () => {
    const subject = await client.clientCredentialsGrant(basic, { scope: SCOPE })
    const tokens = await client.genericGrantRequest(basic, 'urn:ietf:params:oauth:grant-type:token-exchange', {
      subject_token: subject.access_token,
      subject_token_type: 'urn:ietf:params:oauth:token-type:access_token',
      audience: given.api,
      scope: 'payments:read',
    })
    equal([tokens.scope, tokens.issued_token_type], ['payments:read', 'urn:ietf:params:oauth:token-type:access_token'], 'less')
    await api(basic, tokens.access_token)
  })

  await flow('introspection and revocation', async () => {
    const tokens = await client.clientCredentialsGrant(basic, { scope: SCOPE })
    equal((await client.tokenIntrospection(basic, tokens.access_token)).active, true, 'at first')
    await client.tokenRevocation(basic, tokens.access_token)
    equal((await client.tokenIntrospection(basic, tokens.access_token)).active, false, 'then')
  })
}

async function stranger() {
  const told = (error) => [error.code, error.error, error.cause?.status].filter(Boolean).join(' ')
  const ended = (name) => [() => console.log(`${name}: went well`), (error) => console.log(`${name}: ${told(error)}`)]
  const authentication = client.ClientSecretBasic(given.secret)
  await client.discovery(new URL(given.issuer), 'demo-client', undefined, authentication).then(...ended('discovery'))
  const metadata = { issuer: given.issuer, token_endpoint: given.token_endpoint }
  for (const [name, way] of Object.entries({ basic: authentication, post: client.ClientSecretPost(given.secret) })) {
    const config = new client.Configuration(metadata, 'demo-client', undefined, way)
    await client.clientCredentialsGrant(config, { scope: SCOPE }).then(...ended(name))
  }
}

await (given.mode === 'stranger' ? stranger() : flows())
console.log('DONE')
process.exit(0)
