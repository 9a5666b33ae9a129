"""`tinygrad_bp.plugin` by itself: to import it by that name imports all of `tinygrad_bp` first."""

import sys
from importlib.util import find_spec, module_from_spec, spec_from_file_location
from pathlib import Path

# Found and not imported. Beside this file it is not, where the package is installed with `-e`.
[folder] = find_spec("tinygrad_bp").submodule_search_locations
spec = spec_from_file_location(__name__, Path(folder) / "plugin.py")
sys.modules[__name__] = module_from_spec(spec)
spec.loader.exec_module(sys.modules[__name__])
