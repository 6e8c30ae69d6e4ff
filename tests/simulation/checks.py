from __future__ import annotations
class Aftermath:
    def __init__(self, town):
        self.town = town
    def summary(self):
        o = self.town.office
        return str({r[0]: r[1] for r in o.rows("select state, count(*) from outbox group by 1")}) + f" parked {o.count('parked')} tickets {o.count('tickets')} msgs {o.count('messages')} nudges {sum(p.nudges for p in self.town.people)} gave up {[ (p.name, p.gave_up) for p in self.town.people if p.gave_up]} faults {self.town.desk.faults[:3]} acts {self.town.desk.done} strange {self.town.telegram.strange}"
    def check(self):
        pass
