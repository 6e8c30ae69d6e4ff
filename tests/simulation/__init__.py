"""Hundreds of people, two platforms that fail, and an office whose processes die under them::

    python -m tests.simulation --seed 7 --users 200 --kills 5
    python -m tests.simulation --seed 7 --users 40 --kills 2 --database postgres --replicas 2

``town`` puts it together: ``office`` (``loket serve`` as processes of their own on one
database), ``tests.platforms`` (with the faults of ``storm``), ``people`` who go through whole
cases over their ``lines``, and a ``desk`` whose agents ask, answer and solve. At the end nothing
goes wrong any more, all settles, and ``checks`` holds the database against what the platforms
saw.

All choices come from one seed, split by name: a replay has the same people, who want the same,
the same faults in the same proportion, and kills after the same spans. What happens in which
order between processes stays the machine's own, so a fault may need more than one replay.
"""
