"""Starts the pipeline that Dataflow runs: from a subscription to parts that wait for their commit.

    python deploy/dataflow/pipeline.py --subscription projects/P/subscriptions/S \
        --staged gs://BUCKET/warehouse/staged/dataflow --runner DataflowRunner --project P …

Then `manyhands ingest staged:gs://BUCKET/… --follow` commits them, anywhere.
"""

import argparse

import apache_beam as beam
from apache_beam.options.pipeline_options import PipelineOptions

from pipelines.ingest.dataflow import build
from pipelines.ingest.policy import EVERYONE
from pipelines.ingest.policy_file import read_policy


def main() -> None:
    """Build the graph and start it; options that aren't ours are Beam's."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--subscription", required=True, help="projects/P/subscriptions/S")
    parser.add_argument("--staged", required=True, help="where parts wait, such as gs://B/staged")
    parser.add_argument("--source-policy", help="TOML file with a source policy")
    parser.add_argument("--batch-events", type=int, default=5_000)
    parser.add_argument("--batch-seconds", type=float, default=10.0)
    own, beams = parser.parse_known_args()
    policy = read_policy(own.source_policy) if own.source_policy else EVERYONE
    options = PipelineOptions(beams, streaming=True, save_main_session=False)
    with beam.Pipeline(options=options) as pipeline:
        build(
            pipeline,
            own.subscription,
            own.staged,
            policy,
            batch_events=own.batch_events,
            batch_seconds=own.batch_seconds,
        )


if __name__ == "__main__":
    main()
