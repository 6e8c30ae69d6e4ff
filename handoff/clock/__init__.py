"""The office calendar, the SOP's clocks of a ticket, and what is due."""
