"""The one way to find, verify and load weight files, with the licence of each.

`nets/weights.toml` is the ledger: one table a weight. `find` answers a verified file that is on
this machine; nothing is downloaded unless asked: `iqm weights pull` or `IQM_ALLOW_DOWNLOAD=1`.
"""

from iqmetrics.weights.ledger import Weight, entry, ledger
from iqmetrics.weights.loading import load_state
from iqmetrics.weights.search import Found, find, folder_of, has, look

__all__ = ["Found", "Weight", "entry", "find", "folder_of", "has", "ledger", "load_state", "look"]
