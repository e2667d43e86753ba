"""The fraud centre and what belongs to it: partner risk, rules, the model, the past, the blocklist, disputes."""

from __future__ import annotations

from reports.web.page import STAFF, Act, Page
from reports.web.pages.fraud import blocklist, centre, disputes, models, partners, past, rules

READ, WRITE, PROGRAM, OWN = "fraud:read", "fraud:write", "program:write", "disputes:write"
OF_DISPUTES = STAFF | {"partner"}

PAGES = (
    Page(
        centre.PATH, "Fraud centre", "fraud/centre.html", centre.show, READ, STAFF,
        group="Guard", place=210,
    ),
    Page(
        partners.PATH, "Partner risk", "fraud/partners.html", partners.show_ranking, READ, STAFF,
        acts=(Act("score", partners.score_day, WRITE),),
        group="Guard", place=220,
    ),
    Page(
        f"{partners.PATH}/{{id}}", "Partner risk", "fraud/partner.html", partners.show_partner, READ, STAFF,
        acts=(
            Act("mark", partners.mark, WRITE),
            Act("unmark", partners.unmark, WRITE),
            Act("block", partners.block, PROGRAM),
            Act("unblock", partners.unblock, PROGRAM),
            Act("status", partners.set_status, PROGRAM),
        ),
    ),
    Page(
        rules.PATH, "Fraud rules", "fraud/rules.html", rules.show_rules, READ, STAFF,
        group="Guard", label="Rules", place=230,
    ),
    Page(
        f"{rules.PATH}/{{code}}", "Fraud rule", "fraud/rule.html", rules.show_rule, READ, STAFF,
        acts=(
            Act("try", rules.try_it, READ),
            Act("save", rules.save, WRITE),
            Act("delete", rules.delete, WRITE),
        ),
    ),
    Page(
        models.PATH, "Model of unusual clicks", "fraud/models.html", models.show, READ, STAFF,
        acts=(Act("train", models.train, WRITE), Act("roll-back", models.roll_back, WRITE)),
    ),
    Page(
        past.PATH, "Judging the past", "fraud/runs.html", past.show_runs, READ, STAFF,
        acts=(Act("propose", past.propose, WRITE),),
    ),
    Page(
        f"{past.PATH}/{{id}}", "Judging the past", "fraud/run.html", past.show_run, READ, STAFF,
        acts=(
            Act("apply", past.apply, WRITE),
            Act("cancel", past.cancel, WRITE),
            Act("save", past.save_rules, WRITE),
        ),
    ),
    Page(
        blocklist.PATH, "Blocklist", "fraud/blocklist.html", blocklist.show, READ, STAFF,
        acts=(Act("add", blocklist.add, PROGRAM), Act("end", blocklist.end, PROGRAM)),
    ),
    Page(
        disputes.PATH, "Disputes", "fraud/disputes.html", disputes.show_disputes, READ, OF_DISPUTES,
        acts=(Act("open", disputes.open_one, OWN),),
        group="Guard", place=240, or_needs=OWN,
    ),
    Page(
        f"{disputes.PATH}/{{id}}", "Dispute", "fraud/dispute.html", disputes.show_dispute, READ, OF_DISPUTES,
        acts=(
            Act("say", disputes.say, OWN),
            Act("decide", disputes.decide, WRITE),
            Act("withdraw", disputes.withdraw, OWN),
        ),
        or_needs=OWN,
    ),
)  # fmt: skip
