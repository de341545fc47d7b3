// The page of developers: gets a token for a client whose key is given here, and signs a proof for each request that is tried.

import { assertion, clientKey, proof, proofKey } from "./keys.js";

const field = (id) => document.getElementById(id);
const ASSERTION_TYPE = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";

let held = null; // { token, key }
let nonce = null;

const metadata = fetch("/.well-known/oauth-authorization-server").then((answer) => answer.json());

function tell(said, refused = false) {
  field("outcome").textContent = said;
  field("outcome").classList.toggle("refused", refused);
}

/** Send a request with a proof, once more if the node wants its own nonce in it. Proofs name the node by its issuer, whatever its address. */
async function proven(url, options, key, token) {
  const { issuer } = await metadata;
  const named = issuer + new URL(url, location.href).pathname;
  for (let attempt = 0; ; attempt += 1) {
    const headers = new Headers(options.headers);
    headers.set("DPoP", await proof(key, options.method ?? "GET", named, { token, nonce }));
    if (token) headers.set("Authorization", `DPoP ${token}`);
    const answer = await fetch(url, { ...options, headers });
    const given = answer.headers.get("DPoP-Nonce");
    if (given) nonce = given;
    // An assertion counts once: who asks for a token signs another one.
    if (!given || answer.status !== 401 || attempt || !token) return answer;
  }
}

async function getToken() {
  const { issuer } = await metadata;
  const client = await clientKey(JSON.parse(field("client-key").value));
  const key = await proofKey();
  const purpose = field("purpose").value.trim();
  const ask = async () => {
    const form = new URLSearchParams({
      grant_type: "client_credentials",
      client_assertion_type: ASSERTION_TYPE,
      client_assertion: await assertion(field("client-id").value.trim(), client, issuer),
    });
    if (field("scopes").value.trim()) form.set("scope", field("scopes").value.trim());
    if (purpose) form.set("authorization_details", JSON.stringify([{ type: "student_data_access", purpose }]));
    return proven("/oauth/token", { method: "POST", body: form }, key);
  };
  let answer = await ask();
  let said = await answer.json();
  if (said.error === "use_dpop_nonce") {
    answer = await ask();
    said = await answer.json();
  }
  if (!answer.ok) throw new Error(`${said.error ?? said.code}: ${said.error_description ?? said.detail ?? ""}`);
  held = { token: said.access_token, key };
  tell(`A token for ${said.expires_in} seconds, with the scopes: ${said.scope}`);
}

field("client").addEventListener("submit", (event) => {
  event.preventDefault();
  getToken().catch((error) => tell(`No token. ${error.message}`, true));
});

field("forget").addEventListener("click", () => {
  held = null;
  field("client-key").value = "";
  tell("Key and token are forgotten.");
});

field("client-key-file").addEventListener("change", async (event) => {
  const [file] = event.target.files;
  if (file) field("client-key").value = await file.text();
  event.target.value = "";
});

window.addEventListener("load", () => {
  window.ui = window.SwaggerUIBundle({
    url: "/openapi.json",
    domNode: field("interface"),
    deepLinking: false,
    docExpansion: "none",
    defaultModelsExpandDepth: -1,
    displayOperationId: true,
    filter: true,
    persistAuthorization: false,
    queryConfigEnabled: false,
    validatorUrl: null,
    plugins: [{ components: { authorizeBtn: () => null, authorizeOperationBtn: () => null } }],
    requestInterceptor: (request) => {
      if (held && !request.loadSpec) {
        const { token, key } = held;
        request.userFetch = (url, options) => proven(url, options, key, token);
      }
      return request;
    },
  });
});
