// The operator's key: from the address, and from then on from this tab, which may go from page to page.
const OPERATOR = "helo-operator";

export function operatorKey() {
  const given = new URLSearchParams(window.location.search).get("key");
  if (given) sessionStorage.setItem(OPERATOR, given);
  return given ?? sessionStorage.getItem(OPERATOR) ?? "";
}
