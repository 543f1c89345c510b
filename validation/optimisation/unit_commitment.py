#!/usr/bin/env python3
"""Writes a unit commitment problem with linear costs and ramp limits as a mixed-integer program (CPLEX LP format), from
which a solver that is not part of this project finds the optimum, by hand:

    unit_commitment.py INSTANCE.json [hours=N] [no-times] [no-starts] > uc.lp; glpsol --lp uc.lp -o uc.txt

The formulation has one start variable for each possible last stop (Knueven, Ostrowski, Watson 2020, section 4.3)."""
import json
import sys


def main():
    with open(sys.argv[1], encoding="utf-8") as file:
        data = json.load(file)
    options = dict(a.split("=") for a in sys.argv[2:] if "=" in a)
    hours = int(options.get("hours", len(data["load"])))
    times, starts = "no-times" not in sys.argv, "no-starts" not in sys.argv
    cost, rows, binary, bounds = [], [], [], []
    T = range(1, hours + 1)
    for t in T:
        rows.append(" + ".join(f"p{g}_{t}" for g in range(len(data["units"]))) + f" = {data['load'][t - 1]}")
    for g, u in enumerate(data["units"]):
        on0, lo, hi = u["init"] > 0, u["pmin"], u["pmax"]
        ru, rd = u.get("ramp_up", 1e4), u.get("ramp_down", 1e4)
        su, sd = min(u.get("start_ramp", hi), hi), min(u.get("stop_ramp", hi), hi)
        for t in T:
            cost += [f"{u['noload']} u{g}_{t}", f"{u['inc']} p{g}_{t}", f"0 w{g}_{t}"]
            binary += [f"u{g}_{t}", f"v{g}_{t}", f"w{g}_{t}"]
            rows.append(f"p{g}_{t} - {lo} u{g}_{t} >= 0")
            rows.append(f"p{g}_{t} - {hi} u{g}_{t} + {hi - su} v{g}_{t} <= 0")
            if t < hours:
                rows.append(f"p{g}_{t} - {hi} u{g}_{t} + {hi - sd} w{g}_{t + 1} <= 0")
            before = f"- u{g}_{t - 1}" if t > 1 else ""
            rows.append(f"u{g}_{t} {before} - v{g}_{t} + w{g}_{t} = {int(on0) if t == 1 else 0}")
            rows.append(f"v{g}_{t} + w{g}_{t} <= 1")
            if t > 1:  # powers above the least
                rows.append(f"p{g}_{t} - {lo} u{g}_{t} - p{g}_{t - 1} + {lo} u{g}_{t - 1} <= {ru}")
                rows.append(f"p{g}_{t - 1} - {lo} u{g}_{t - 1} - p{g}_{t} + {lo} u{g}_{t} <= {rd}")
            elif on0 and "power" in u:
                above = u["power"] - lo
                rows.append(f"p{g}_1 - {lo} u{g}_1 <= {ru + above}")
                rows.append(f"{lo} u{g}_1 - p{g}_1 <= {rd - above}")
                if u["power"] > sd:
                    rows.append(f"w{g}_1 = 0")
            elif not on0:
                rows.append(f"p{g}_1 - {lo} u{g}_1 <= {ru}")
            if times:
                back = [f"v{g}_{k}" for k in range(max(1, t - u["up"] + 1), t + 1)] if u["up"] else []
                held = on0 and t <= u["up"] - u["init"]
                rows.append(f"u{g}_{t} >= 1" if held else " + ".join(back or [f"0 u{g}_{t}"]) + f" - u{g}_{t} <= 0")
                back = [f"w{g}_{k}" for k in range(max(1, t - u["dn"] + 1), t + 1)] if u["dn"] else []
                held = not on0 and t <= u["dn"] + u["init"]
                rows.append(f"u{g}_{t} <= 0" if held else " + ".join(back or [f"0 u{g}_{t}"]) + f" + u{g}_{t} <= 1")
            if starts:  # hot unless off for longer than dn + cst hours: more for a start with no running hour before
                cost.append(f"{u['hot']} v{g}_{t}")
                lag = u["dn"] + u["cst"] + 1
                if u["cold"] != u["hot"]:
                    window = [f"u{g}_{k}" for k in range(max(1, t - lag), t)]
                    ran_before = any(on0 and -k < u["init"] for k in range(t - lag, 1) if k <= 0)
                    if not ran_before and (t - lag >= 1 or not on0 and lag - (t - 1) <= -u["init"]):
                        cost.append(f"{u['cold'] - u['hot']} c{g}_{t}")
                        rows.append(f"c{g}_{t} - v{g}_{t} " + " ".join("+ " + w for w in window) + " >= 0")
    print("Minimize\n cost: " + "\n + ".join(cost) + "\nSubject To")
    for k, row in enumerate(rows):
        print(f" r{k}: {row}")
    print("Binary\n " + "\n ".join(binary) + "\nEnd")


if __name__ == "__main__":
    main()
