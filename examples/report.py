# %% [markdown]
# # Where the payout comes from
#
# A notebook as a script: open it cell by cell in VS Code, PyCharm or Jupyter (jupytext), or run it whole with
# `python examples/report.py`. It needs `pip install 'clickledger[client]'` and a service: one that runs on this
# machine, or the one that `CLICKLEDGER_WEB_URL` and `CLICKLEDGER_API_KEY` name. Any key with `reports:read` and
# `events:read` will do; everybody sees their own rows.

# %%
from datetime import datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

from clickledger.client import Client, F, Formula, UnknownNameError

ZONE = "Europe/Berlin"
DAYS = 14
ENOUGH_CLICKS = 5

client = Client()
tomorrow = datetime.now(ZoneInfo(ZONE)).date() + timedelta(days=1)
last_days = {"from_": tomorrow - timedelta(days=DAYS), "to": tomorrow, "timezone": ZONE}

# %% [markdown]
# ## Day by day
#
# `fill` gives a row for every day, also for those without a click, and `compare` puts the days before beside them.
# Money is exact as it comes; as floats it can be averaged and plotted.

# %%
daily = client.query(
    **last_days,
    dimensions=["day"],
    metrics=["clicks", "conversions", "cr", "payout"],
    compare="previous_period",
    fill=True,
    totals=True,
)
days = daily.to_pandas(money="float").set_index("day")
days["payout, mean of 7 days"] = days["payout"].rolling(7, min_periods=1).mean()
best_day = days["payout"].idxmax()
print(days[["clicks", "conversions", "payout", "payout, mean of 7 days", "payout_before"]].to_string())
print(f"\n{daily.totals['payout']} {daily.meta.currency} in {DAYS} days; the best one was {best_day:%A, %d %B}.")

# %% [markdown]
# ## Which sub ids are worth their clicks
#
# Conditions on metrics keep rows; a formula makes a metric of this query alone.

# %%
labels = client.query(
    **last_days,
    dimensions=["sub1"],
    metrics=["clicks", "cr", "epc", "per_thousand"],
    filters=[F("sub1").is_set(), F.metric("clicks") >= ENOUGH_CLICKS],
    formulas=[Formula("per_thousand", "payout / clicks * 1000", unit="money")],
    sort=["-epc"],
    limit=20,
)
for row in labels:
    print(f"{row['sub1']:<30.30} {row['clicks']:>7} clicks {row['cr'] or 0:>7.2%} {row['per_thousand']:>12.2f}")

# %% [markdown]
# ## When people click
#
# A pivot: hours of the day below each other, days of the week beside each other.

# %%
week = client.query(
    **last_days, dimensions=["hour_of_day"], metrics=["clicks"], pivot="day_of_week", sort=["hour_of_day"]
).to_pandas()
hours = week.set_index(("hour_of_day", ""))["clicks"].rename_axis("hour")
busiest = hours.sum(axis=1).idxmax() if len(hours) else None
print(hours.to_string())

# %% [markdown]
# ## Single events
#
# Conversions that came within ten seconds of their click are worth a look; the road of a click tells everything.

# %%
quick = [
    row
    for row in client.conversions(**last_days, filters=[F("attribution") == "click"], limit=1000)
    if row["ctit_ms"] < 10_000
]
for row in quick[:3]:
    road = client.click(row["click_id"], timezone=ZONE)
    seconds = row["ctit_ms"] / 1000
    print(f"\n{row['conversion_id']}: {row['payout']} {row['currency']}, {seconds:.1f} s after its click")
    for moment in road.timeline:
        print(f"  {moment.at:%H:%M:%S} {moment.text}")

# %% [markdown]
# ## A wrong name
#
# Refusals are exceptions with the service's own words and the nearest valid names.

# %%
try:
    client.query(**last_days, metrics=["clicks"], dimensions=["contry"])
except UnknownNameError as why:
    print(f"\n{why}")
    nearest = why.nearest

# %% [markdown]
# ## Everything, for elsewhere
#
# Exports are streamed, however long they are.

# %%
file = Path("clicks.parquet")
exported = client.export(
    "clicks", file, **last_days, columns=["ts", "click_id", "country", "verdict"], replace=True
)
print(f"\n{exported.rows} clicks, {exported.bytes} bytes in {exported.path}")
