# An image each for the gateway, the brain and the actions: the environments and the code of `make run`, nothing else (docs/scale.md).
#   docker compose build             all three
#   docker build --target gateway .  one of them
# Where packages come from is the builder's own business: a secret named "pip" is its pip.conf, and is left in no layer.
ARG PYTHON_GATEWAY=docker.io/library/python:3.13-slim-bookworm
ARG PYTHON_BRAIN=docker.io/library/python:3.10-slim-bookworm

FROM ${PYTHON_GATEWAY} AS gateway-environment
WORKDIR /app
ENV PIP_NO_CACHE_DIR=1 UV_NO_CACHE=1 UV_LINK_MODE=copy UV_COMPILE_BYTECODE=1
COPY scripts/environment scripts/find-python scripts/
COPY locks locks
RUN --mount=type=secret,id=pip,target=/etc/pip.conf scripts/environment gateway

FROM ${PYTHON_BRAIN} AS brain-environment
WORKDIR /app
ENV PIP_NO_CACHE_DIR=1 UV_NO_CACHE=1 UV_LINK_MODE=copy UV_COMPILE_BYTECODE=1
COPY scripts/environment scripts/find-python scripts/
COPY locks locks
RUN --mount=type=secret,id=pip,target=/etc/pip.conf scripts/environment brain

# Trained here and not copied from a machine: the image and its model are made of the same files, whoever builds it.
# Only what the model is made of is here, so that nothing else has it trained again.
FROM brain-environment AS model
COPY config.yml domain.yml ./
COPY data data
COPY bot/__init__.py bot/paths.py bot/training.py bot/
COPY bot/answers bot/answers
COPY bot/brain bot/brain
COPY bot/directory bot/directory
COPY bot/text bot/text
COPY bot/urgent bot/urgent
RUN name=$(.venv/bin/python -c "from bot import training; print(training.model_name())") \
    && RASA_TELEMETRY_ENABLED=false TQDM_DISABLE=1 .venv/bin/rasa train --fixed-model-name "$name" --out models \
    && .venv/bin/python -c "from bot import training; assert training.trained(), 'no model'"

FROM ${PYTHON_GATEWAY} AS gateway
RUN useradd --uid 10001 --no-create-home --home-dir /tmp --shell /usr/sbin/nologin assistant \
    && install -d -o assistant -g assistant /app/var
WORKDIR /app
COPY --from=gateway-environment /app/.venv-gateway .venv-gateway
ENV PATH=/app/.venv-gateway/bin:/usr/local/bin:/usr/bin:/bin HOME=/tmp PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1
ENV HOST=0.0.0.0 VAR_DIR=/app/var
COPY deploy/healthcheck.py deploy/
COPY data data
COPY bot bot
RUN python -m compileall -q bot
USER 10001:10001
EXPOSE 8080 9464
HEALTHCHECK --interval=10s --timeout=6s --start-period=60s --retries=3 CMD ["python", "deploy/healthcheck.py", "http://127.0.0.1:8080/live"]
CMD ["python", "-m", "bot", "gateway"]

FROM ${PYTHON_BRAIN} AS rasa
RUN useradd --uid 10001 --no-create-home --home-dir /tmp --shell /usr/sbin/nologin assistant \
    && install -d -o assistant -g assistant /app/var
WORKDIR /app
COPY --from=brain-environment /app/.venv .venv
ENV PATH=/app/.venv/bin:/usr/local/bin:/usr/bin:/bin HOME=/tmp PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1
# What bot.training.rasa_environment gives to the Rasa of `make run` (a test compares).
ENV RASA_TELEMETRY_ENABLED=false TF_CPP_MIN_LOG_LEVEL=3 CUDA_VISIBLE_DEVICES=-1 SQLALCHEMY_SILENCE_UBER_WARNING=1
ENV PYTHONWARNINGS=ignore TQDM_DISABLE=1 MPLCONFIGDIR=/tmp
COPY deploy/healthcheck.py deploy/endpoints.yml deploy/
COPY credentials.yml ./
COPY data data
COPY bot bot
COPY actions actions
RUN python -m compileall -q bot actions
USER 10001:10001

FROM rasa AS actions
EXPOSE 5055
HEALTHCHECK --interval=10s --timeout=6s --start-period=60s --retries=3 CMD ["python", "deploy/healthcheck.py", "http://127.0.0.1:5055/health"]
CMD ["python", "-m", "actions", "5055", "0.0.0.0"]

FROM rasa AS brain
COPY --from=model /app/models models
EXPOSE 5005
HEALTHCHECK --interval=10s --timeout=6s --start-period=120s --retries=3 CMD ["python", "deploy/healthcheck.py", "http://127.0.0.1:5005/webhooks/assistant/"]
CMD ["rasa", "run", "--interface", "0.0.0.0", "--port", "5005", "--endpoints", "deploy/endpoints.yml", "--credentials", "credentials.yml", "--model", "models"]
