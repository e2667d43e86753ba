"""What an advertiser's engineer copies: the postback's URL and the code that fires it, for one offer and goal.

Pure text. Invariants: a token is in it only when it is given; code signs as docs/postbacks.md says (a test runs
the Python example against the edge's own check).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

CLICK_ID: Final = "CLICK_ID"
ORDER: Final = "ORDER_ID"
AMOUNT: Final = "AMOUNT"
NO_TOKEN: Final = "YOUR_TOKEN"  # noqa: S105 - a word to be replaced

TRACKERS: Final = (
    (
        "Keitaro",
        "{external_id}",
        "{tid}",
        "{revenue}",
        "Campaign, S2S postbacks. Our click id is its external id.",
    ),
    ("Everflow", "{sub1}", "{transaction_id}", "{sale_amount}", "Partner postback; hand us sub1 in your link."),
    ("TUNE", "{aff_sub}", "{transaction_id}", "{sale_amount}", "Offer postback; hand us aff_sub in your link."),
)
"""Trackers that advertisers use: name, their macros for click id, transaction and amount, and where it goes."""


@dataclass(frozen=True, slots=True)
class Example:
    """Something to copy."""

    key: str
    title: str
    note: str
    text: str


@dataclass(frozen=True, slots=True)
class Wiring:
    """What all examples have in common."""

    edge_url: str
    offer_id: int
    goal: str
    currency: str
    token: str
    """'' while it isn't shown."""
    parameter: str = "cid"
    """Of the landing page's address, which holds the click id."""

    def url(
        self, click_id: str = CLICK_ID, txn_id: str = ORDER, amount: str = AMOUNT, *, token: bool = False
    ) -> str:
        """Return the postback's URL with placeholders, ready to be copied."""
        parts = [f"click_id={click_id}", f"txn_id={txn_id}", f"amount={amount}", f"currency={self.currency}"]
        parts += [f"goal={self.goal}"] if self.goal else []
        parts += [f"token={self._token}"] if token else []
        return f"{self.edge_url}/postback?{'&'.join(parts)}"

    @property
    def _token(self) -> str:
        return self.token or NO_TOKEN

    def urls(self) -> list[Example]:
        """Return the URL in its three forms."""
        signed = self.url() + "&expires=UNIX_TIME&signature=SIGNATURE"
        return [
            Example("plain", "Without a token", "Enough while your account doesn't require one.", self.url()),
            Example(
                "token",
                "With your token",
                "For servers. Never put it into a page: every visitor could read it.",
                self.url(token=True),
            ),
            Example(
                "signed",
                "Signed",
                "The token stays with you: the signature is made of it and the parameters, as in the code below.",
                signed,
            ),
        ]

    def examples(self) -> list[Example]:
        """Return the code for servers."""
        return [
            Example("curl", "curl", "One postback by hand, to try it.", self._curl()),
            Example("php", "PHP", "With a signature; needs no library.", self._php()),
            Example("python", "Python", "With a signature; needs no library.", self._python()),
            Example(
                "woocommerce", "WooCommerce", "Into your theme's functions.php, or a small plugin.", self._woo()
            ),
        ]

    def page_examples(self) -> list[Example]:
        """Return what goes into the page that a customer sees after the sale."""
        return [
            Example("pixel", "Pixel", "For shops without a server of their own.", self._pixel()),
            Example("script", "JavaScript", "Works without third-party cookies.", self._script()),
        ]

    def trackers(self) -> list[Example]:
        """Return the URL as other trackers' macros write it."""
        return [
            Example(f"tracker-{name.lower()}", name, note, self.url(click_id, txn_id, amount, token=True))
            for name, click_id, txn_id, amount, note in TRACKERS
        ]

    def _curl(self) -> str:
        fields = ["click_id=CLICK_ID", "txn_id=order-7", "amount=49.90", f"currency={self.currency}"]
        fields += [f"goal={self.goal}"] if self.goal else []
        fields.append(f"token={self._token}")
        return " \\\n".join([f"curl {self.edge_url}/postback", *(f"  --data-urlencode '{one}'" for one in fields)])

    def _php(self) -> str:
        return f"""<?php
$parameters = [
    'click_id' => $clickId,      // as your landing page was given it
    'txn_id'   => $orderId,
    'amount'   => '49.90',
    'currency' => '{self.currency}',{self._line("    'goal'     => '{}',")}
    'expires'  => (string) (time() + 300),
];
ksort($parameters);
$text = http_build_query($parameters, '', '&', PHP_QUERY_RFC3986);
$parameters['signature'] = hash_hmac('sha256', $text, '{self._token}');
$answer = file_get_contents(
    '{self.edge_url}/postback?' . http_build_query($parameters, '', '&', PHP_QUERY_RFC3986)
);"""

    def _python(self) -> str:
        return f"""import hashlib, hmac, time
from urllib.parse import quote, urlencode
from urllib.request import urlopen

parameters = {{
    "click_id": click_id,  # as your landing page was given it
    "txn_id": order_id,
    "amount": "49.90",
    "currency": "{self.currency}",{self._line('    "goal": "{}",')}
    "expires": str(int(time.time()) + 300),
}}
text = urlencode(sorted(parameters.items()), quote_via=quote, safe="-_.~")
parameters["signature"] = hmac.new(b"{self._token}", text.encode(), hashlib.sha256).hexdigest()
answer = urlopen("{self.edge_url}/postback?" + urlencode(parameters)).read()"""

    def _woo(self) -> str:
        goal = self._line("        'goal'     => '{}',")
        return f"""// The click id comes with the landing page's address, and is kept until the order.
add_action('init', function () {{
    if (isset($_GET['{self.parameter}'])) {{
        setcookie('clickledger_id', $_GET['{self.parameter}'], time() + 30 * DAY_IN_SECONDS, '/');
    }}
}});
add_action('woocommerce_checkout_create_order', function ($order) {{
    $order->update_meta_data('clickledger_id', $_COOKIE['clickledger_id'] ?? '');
}});
add_action('woocommerce_payment_complete', function ($order_id) {{
    $order = wc_get_order($order_id);
    if (!$order->get_meta('clickledger_id')) {{
        return;
    }}
    wp_remote_get('{self.edge_url}/postback?' . http_build_query([
        'click_id' => $order->get_meta('clickledger_id'),
        'txn_id'   => $order->get_order_number(),
        'amount'   => $order->get_total(),
        'currency' => $order->get_currency(),{goal}
        'token'    => '{self._token}',
    ]));
}});"""

    def _pixel(self) -> str:
        goal = f"&goal={self.goal}" if self.goal else ""
        return (
            f'<img src="{self.edge_url}/pixel.gif?offer_id={self.offer_id}&txn_id={ORDER}&amount={AMOUNT}'
            f'&currency={self.currency}{goal}" width="1" height="1" alt="">'
        )

    def _script(self) -> str:
        goal = f', goal: "{self.goal}"' if self.goal else ""
        return f"""<script src="{self.edge_url}/clickledger.js"></script>
<script>
  clickledger.conversion({{offer_id: {self.offer_id}, txn_id: "{ORDER}", amount: "{AMOUNT}", \
currency: "{self.currency}"{goal}}});
</script>"""

    def _line(self, pattern: str) -> str:
        return f"\n{pattern.replace('{}', self.goal)}" if self.goal else ""
