// HTML of our own server made into nodes, on a page that may demand Trusted Types: such a page allows the policy named here.
const policy = globalThis.trustedTypes?.createPolicy("assistant", { createHTML: (html) => html });

export function fragment(html) {
  return new DOMParser().parseFromString(policy ? policy.createHTML(html) : html, "text/html").body.firstElementChild;
}
