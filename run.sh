#!/usr/bin/env bash
# Installs what is missing, builds the release, starts the server with config.yml, shows it at work in a short conversation,
# and keeps serving until Ctrl-C. YINGDA_DEMO_ONLY=1 stops after the conversation.
set -euo pipefail
cd "$(dirname "$0")"

tools/dependencies.sh build
if [ ! -x build/release/yingda ] || [ -n "$(find src CMakeLists.txt cmake -newer build/release/yingda -print -quit)" ]; then
  echo "正在编译（第一次需要几分钟）……"
  cmake --preset release -DYINGDA_TESTS=OFF -DYINGDA_BENCH=OFF >build-release.log 2>&1 &&
    cmake --build --preset release --target yingda >>build-release.log 2>&1 ||
    { tail -n 40 build-release.log; echo "编译失败，完整日志见 build-release.log"; exit 1; }
  rm -f build-release.log
fi
yingda=build/release/yingda

# Sessions of their own: Ctrl-C reaches this script only, which stops them gracefully.
children=()
stop() {
  for pid in "${children[@]}"; do kill -TERM "$pid" 2>/dev/null || true; done
  for pid in "${children[@]}"; do wait "$pid" 2>/dev/null || true; done
}
trap stop EXIT
trap 'exit 130' INT
trap 'exit 143' TERM

if [ -z "${MODEL_API_KEY:-}${YINGDA__UPSTREAMS__MAIN__API_KEY:-}" ]; then
  echo "没有设置 MODEL_API_KEY：启动一个演示用的模型服务代替（它只会说些现成的话）。"
  echo "要用真正的模型：MODEL_API_KEY=sk-… MODEL_BASE_URL=https://… MODEL_NAME=… ./run.sh"
  export MODEL_BASE_URL="http://${YINGDA_DEMO_MODEL:-127.0.0.1:9191}/v1" MODEL_API_KEY=demo MODEL_NAME=yingda-demo
  setsid "$yingda" demo-model --listen "${YINGDA_DEMO_MODEL:-127.0.0.1:9191}" &
  children+=($!)
fi

mkdir -p data
log=data/yingda.log
YINGDA__LOG__FILE="${YINGDA__LOG__FILE:-$log}" setsid "$yingda" serve --config config.yml &
server=$!
children+=("$server")
operations=${YINGDA__SERVER__OPERATIONS_LISTEN:-127.0.0.1:9090}
for _ in $(seq 100); do
  kill -0 "$server" 2>/dev/null || { echo "服务没有启动，原因见上面和 $log"; exit 1; }
  curl -fsS "http://$operations/readyz" >/dev/null 2>&1 && break
  sleep 0.1
done

echo
echo "== 一段真实的对话：每句话都是一次带签名的推送，和微信服务器做的一样 =="
echo
"$yingda" chat --config config.yml --verify --trace 营业时间 我想找网络博彩平台 "用两三句话介绍一下你自己"

echo "== 服务正在运行 =="
echo "  和它聊天：     $yingda chat"
echo "  看命中哪条规则：$yingda explain 营业时间"
echo "  运行状况：     curl http://$operations/metrics"
echo "  日志：         $log"
[ -n "${YINGDA_DEMO_ONLY:-}" ] && exit 0
echo "按 Ctrl-C 停止。"
wait "$server"
