"""The rows of results/summary.csv as the template asks for them: by column, by rank, in words."""

import jinja2

from scripts.study.names import activation_name
from scripts.study.schema import nearest
from scripts.writing.filters import listed, sort, where
from scripts.writing.sentences import network, value


class Summary:
    """The rows of the summary, in the order of the config."""

    def __init__(self, all_rows: list[dict], main: str) -> None:
        self.all_rows = all_rows
        self.main = main

    def rows(self, **wanted: str) -> list[dict]:
        """Return the rows whose columns have the values wanted.

        Raises:
            jinja2.TemplateRuntimeError: There is no such column, no such value or no such row.
        """
        for column, name in wanted.items():
            self._check(column, name)
        found = where(self.all_rows, **wanted)
        if not found:
            names = ", ".join(wanted.values())
            raise jinja2.TemplateRuntimeError(f"results/summary.csv has no row of {names} together")
        return found

    def _check(self, column: str, name: str) -> None:
        if column not in self.all_rows[0]:
            hint = nearest(column, self.all_rows[0])
            raise jinja2.TemplateRuntimeError(f"results/summary.csv has no column {column}{hint}")
        names = list(dict.fromkeys(row[column] for row in self.all_rows))
        if name not in names:
            hint = f"; there are {listed(names)}{nearest(name, names)}"
            raise jinja2.TemplateRuntimeError(f"results/summary.csv has no {column} {name}{hint}")

    def least_accurate(self, protocol: str) -> dict:
        """Return the row of a protocol with the lowest mean test accuracy."""
        return sort(self.rows(protocol=protocol), "test_accuracy_mean")[0]

    def most_accurate(self, protocol: str) -> dict:
        """Return the row of a protocol with the highest mean test accuracy."""
        return sort(self.rows(protocol=protocol), "test_accuracy_mean")[-1]

    def widest_spread(self, protocol: str) -> dict:
        """Return the row of a protocol with the largest standard deviation of the accuracy."""
        return sort(self.rows(protocol=protocol), "test_accuracy_sd")[-1]

    def ranking(self, column: str, output: str) -> str:
        """Return the main protocol's hidden activations by a column, like "Tanh (0.18) and …".

        The greatest value comes first.
        """
        ranked = sort(self.rows(protocol=self.main, output=output), column, reverse=True)
        return listed(f"{activation_name(row['hidden'])} ({value(row, column)})" for row in ranked)

    def every_network(self, column: str) -> str:
        """Return each network of the main protocol, with its value of a column."""
        rows = self.rows(protocol=self.main)
        return "; ".join(f"{network(row)}, {value(row, column)}" for row in rows)

    def with_both_losses(self) -> list[dict]:
        """Return pairs of rows: `mse` of the main protocol, `bce` of that with cross-entropy."""
        other_protocol = f"{self.main}-bce"
        return [
            {"mse": row, "bce": other}
            for row in where(self.all_rows, protocol=self.main, output="sigmoid")
            for other in where(
                self.all_rows, protocol=other_protocol, output="sigmoid", hidden=row["hidden"]
            )
        ]
