"""`python -m bench`: what `make bench` measures, one table after the other; `python -m bench service` measures one part.

Measurements that need an exported encoder or labels of their own are modules with a command each; the README names them.
"""

import signal
import sys

from bench import pages, ranking, service, stability, walk, year

PARTS = {"walk": walk.run, "service": service.run, "pages": pages.run, "stability": stability.run, "ranking": ranking.run, "year": year.run}

wanted = sys.argv[1:] or list(PARTS)
if unknown := set(wanted) - set(PARTS):
    raise SystemExit(f"There is no benchmark {', '.join(sorted(unknown))}. Choose among {', '.join(PARTS)}.")
signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))  # so that what was started is stopped, whoever ends this
kept = [PARTS[name]() for name in wanted]
raise SystemExit(0 if all(kept) else 1)
