"""The tests, and what has to be so before any of them is loaded."""

import os

# gRPC takes a fork for one that goes on with its connections: of processes that tests start with
# `preexec_fn`, which forks, one in sixty aborts before it begins
os.environ["GRPC_ENABLE_FORK_SUPPORT"] = "false"
