import sys
from pathlib import Path

from hypothesis import HealthCheck, settings

sys.path.insert(0, str(Path(__file__).parent))  # for strategies.py

# The first draw builds a table of all of Unicode, which takes a second on a busy machine.
settings.register_profile("kubeconfig", suppress_health_check=[HealthCheck.too_slow], deadline=None)
settings.load_profile("kubeconfig")
