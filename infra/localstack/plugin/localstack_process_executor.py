"""LocalStack Lambda runtime executor without Docker: one local process per execution environment.

Select with LAMBDA_RUNTIME_EXECUTOR=process. Each process runs AWS's own runtime interface client
(`python -m awslambdaric <handler>`) against a small Runtime API server that lives in this module.
LAMBDA_PROCESS_PYTHON names the interpreter (default: the one LocalStack runs with); that
interpreter needs awslambdaric and whatever the managed runtime would bring along (boto3).
LAMBDA_PROCESS_INHERIT names variables (comma between them) that functions get from LocalStack's own
environment: a mark by which whoever started LocalStack finds its processes again.
"""

import json
import os
import queue
import re
import signal
import subprocess
import sys
import tempfile
import threading
import time
from concurrent.futures import Future
from concurrent.futures import TimeoutError as FutureTimeout
from contextlib import suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from localstack.services.lambda_.invocation.executor_endpoint import StatusErrorException
from localstack.services.lambda_.invocation.lambda_models import InvocationResult
from localstack.services.lambda_.invocation.plugins import RuntimeExecutorPlugin
from localstack.services.lambda_.invocation.runtime_executor import RuntimeExecutor

HOST = "127.0.0.1"
API = "/2018-06-01/runtime"


class ProcessExecutorPlugin(RuntimeExecutorPlugin):
    name = "process"

    def load(self, *args, **kwargs):
        return ProcessRuntimeExecutor


class RuntimeApi(BaseHTTPRequestHandler):
    """The Lambda Runtime API for one execution environment."""

    protocol_version = "HTTP/1.1"
    wbufsize = -1
    disable_nagle_algorithm = True

    def do_GET(self):  # /invocation/next
        ex = self.server.executor
        pending = ex.pending
        if not ex.ready.done():
            ex.ready.set_result(True)
        item = pending.get()
        if item is None:  # this process is gone
            self.close_connection = True
            return
        body = item["payload"].encode()
        self._reply(
            200,
            body,
            {
                "Lambda-Runtime-Aws-Request-Id": item["invoke-id"],
                "Lambda-Runtime-Invoked-Function-Arn": item["invoked-function-arn"],
                "Lambda-Runtime-Deadline-Ms": str(int((time.time() + ex.timeout) * 1000)),
                "Lambda-Runtime-Trace-Id": item["trace-id"],
            },
        )

    def do_POST(self):
        ex = self.server.executor
        body = self._body()
        if self.path == f"{API}/init/error":
            if not ex.ready.done():
                ex.ready.set_exception(StatusErrorException("init failed", payload=body))
        elif match := re.fullmatch(rf"{API}/invocation/([^/]+)/(response|error)", self.path):
            ex.finish(match[1], body, match[2] == "error")
        self._reply(202, b'{"status":"OK"}\n')

    def _body(self) -> bytes:
        if self.headers.get("Transfer-Encoding", "").lower() != "chunked":
            return self.rfile.read(int(self.headers.get("Content-Length") or 0))
        chunks = []
        while size := int(self.rfile.readline().split(b";")[0], 16):
            chunks.append(self.rfile.read(size))
            self.rfile.readline()
        self.rfile.readline()
        return b"".join(chunks)

    def _reply(self, status, body, headers=None):
        self.send_response(status)
        for key, value in (headers or {}).items():
            self.send_header(key, value)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *args):
        pass


class ProcessRuntimeExecutor(RuntimeExecutor):
    def __init__(self, id, function_version):
        super().__init__(id, function_version)
        self.timeout = function_version.config.timeout
        self.lock = threading.RLock()
        self.server = self.proc = self.result = self.request_id = None
        self.pending, self.ready = queue.Queue(), Future()

    # --- life cycle -------------------------------------------------------------------------
    def start(self, env_vars):
        self.log = tempfile.TemporaryFile(prefix=f"lambda-{self.id}-")
        self.server = ThreadingHTTPServer((HOST, 0), RuntimeApi)
        self.server.daemon_threads = True
        self.server.executor = self
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

        config = self.function_version.config
        self.code = str(config.code.get_unzipped_code_location())
        layers = [str(layer.code.get_unzipped_code_location()) for layer in config.layers]
        path = [self.code, *(f"{layer}/python" for layer in layers)]
        inherited = [name for name in os.environ.get("LAMBDA_PROCESS_INHERIT", "").split(",") if name in os.environ]
        self.env = {key: str(value) for key, value in env_vars.items()} | {
            **{name: os.environ[name] for name in inherited},
            "PATH": os.environ.get("PATH", "/usr/bin:/bin"),
            "LANG": "C.UTF-8",
            "TZ": "UTC",
            "PYTHONUNBUFFERED": "1",
            "PYTHONPATH": ":".join([*path, env_vars.get("PYTHONPATH") or ""]).strip(":"),
            "LAMBDA_TASK_ROOT": self.code,
            "AWS_LAMBDA_RUNTIME_API": f"{HOST}:{self.server.server_address[1]}",
        }
        python = os.environ.get("LAMBDA_PROCESS_PYTHON") or sys.executable
        self.command = [python, "-m", "awslambdaric", config.handler]
        if config.runtime.startswith("provided"):
            self.command = [f"{self.code}/bootstrap"]
        self._spawn()

    def _spawn(self):
        with self.lock:
            self.pending.put(None)
            self.pending, self.ready = queue.Queue(), Future()
            self.proc = subprocess.Popen(
                self.command,
                cwd=self.code,
                env=self.env,
                stdin=subprocess.DEVNULL,
                stdout=self.log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
            threading.Thread(target=self._watch, args=(self.proc, self.ready), daemon=True).start()
        self.ready.result()  # set by the first GET /invocation/next, by /init/error, or by _watch

    def _watch(self, proc, ready):
        code = proc.wait()
        reason = f"signal: {signal.Signals(-code).name}" if code < 0 else f"exit status {code}"
        error = {
            "errorType": "Runtime.ExitError",
            "errorMessage": f"RequestId: {self.request_id} Error: Runtime exited with error: {reason}",
        }
        with self.lock:
            if not ready.done():
                ready.set_exception(StatusErrorException("exited", json.dumps(error).encode()))
            elif proc is self.proc:
                self.finish(self.request_id, json.dumps(error).encode(), True)

    def _kill(self):
        if self.proc and self.proc.poll() is None:
            with suppress(ProcessLookupError):
                os.killpg(self.proc.pid, signal.SIGKILL)

    def stop(self):
        with self.lock:
            self.pending.put(None)
            self.ready.cancel()
            if self.result:
                self.result.cancel()
        self._kill()
        if self.server:
            threading.Thread(target=self._close, args=(self.server, self.log), daemon=True).start()
            self.server = None

    @staticmethod
    def _close(server, log):  # shutdown() waits for the server's poll interval
        server.shutdown()
        server.server_close()
        log.close()

    # --- invocations ------------------------------------------------------------------------
    def invoke(self, payload):
        request_id = payload["invoke-id"]
        self.log_start = os.fstat(self.log.fileno()).st_size
        self.started = time.time()
        self.request_id, self.result = request_id, Future()
        if self.proc.poll() is not None:  # killed by a time-out or crashed: new process
            self._spawn()
        self.pending.put(payload)
        try:
            return self.result.result(timeout=self.timeout)
        except FutureTimeout:
            message = f"RequestId: {request_id} Error: Task timed out after {self.timeout:.2f} seconds"
            error = {"errorType": "Sandbox.Timedout", "errorMessage": message}
            self.finish(request_id, json.dumps(error).encode(), True)
            self._kill()
            self.proc.wait()
            return self.result.result()

    def finish(self, request_id, body, is_error):
        with self.lock:
            if request_id == self.request_id and self.result and not self.result.done():
                self.result.set_result(InvocationResult(request_id, body, is_error, self._logs()))

    def _logs(self):
        took = (time.time() - self.started) * 1000
        size = os.fstat(self.log.fileno()).st_size - self.log_start
        output = os.pread(self.log.fileno(), size, self.log_start).decode(errors="replace")
        if output and not output.endswith("\n"):
            output += "\n"
        rid = f"RequestId: {self.request_id}"
        version = self.function_version.id.qualifier
        return f"START {rid} Version: {version}\n{output}END {rid}\nREPORT {rid}\tDuration: {took:.2f} ms\n"

    def get_logs(self):
        try:
            return os.pread(self.log.fileno(), 1 << 20, 0).decode(errors="replace")
        except (AttributeError, ValueError):
            return ""

    # --- addresses ----------------------------------------------------------------------------
    def get_address(self):
        return HOST

    def get_endpoint_from_executor(self):
        return HOST

    def get_runtime_endpoint(self):
        return f"http://{HOST}/_not_used"

    @classmethod
    def prepare_version(cls, function_version):
        config = function_version.config
        runtime = config.runtime or "container image"
        if not runtime.startswith(("python", "provided")):
            raise ValueError(f"the process executor cannot run {runtime}")
        for code in [config.code, *(layer.code for layer in config.layers)]:
            code.prepare_for_execution()

    @classmethod
    def cleanup_version(cls, function_version):
        pass
