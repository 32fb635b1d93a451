"""The plain pipeline: a job for each run."""


rule all:
    input:
        expand(
            "results/{hidden}-{seed}.csv",
            hidden=["relu", "tanh", "selu", "sigmoid"],
            seed=range(config["seeds"]),
        ),


rule train:
    output:
        "results/{hidden}-{seed}.csv",
    shell:
        "python -m bench.one_run {wildcards.hidden} {wildcards.seed} {output}"
