#!/usr/bin/env bash
# Erlang's gen_sctp: one-to-many sockets, set-up, a message on a stream, the graceful end.
source "${SOURCE_DIR:?}/test/scripts/preload.bash"
needs erl erlc
cat >"$place/exchange.erl" <<'END_ERLANG'
-module(exchange).
-export([main/0]).
-include_lib("kernel/include/inet_sctp.hrl").
main() ->
  try run() of ok -> io:format("ok: erlang~n"), halt(0)
  catch Class:Reason:Stack -> io:format("~p ~p~n~p~n", [Class, Reason, Stack]), halt(1)
  end.
run() ->
  Local = {127, 0, 0, 1},
  {ok, Server} = gen_sctp:open([{ip, Local}, {type, seqpacket}, {active, false}, {reuseaddr, true}]),
  ok = gen_sctp:listen(Server, true),
  {ok, {_, Port}} = inet:sockname(Server),
  {ok, Client} = gen_sctp:open([{ip, Local}, {active, false}]),
  {ok, Up} = gen_sctp:connect(Client, Local, Port, [{sctp_initmsg, #sctp_initmsg{num_ostreams = 5, max_instreams = 5}}]),
  #sctp_assoc_change{state = comm_up, outbound_streams = 5} = Up,
  {ok, {_, _, [], #sctp_assoc_change{state = comm_up, assoc_id = Id}}} = gen_sctp:recv(Server, 5000),
  ok = gen_sctp:send(Client, Up, 1, <<"there">>),
  {ok, {Local, _, [#sctp_sndrcvinfo{stream = 1}], <<"there">>}} = gen_sctp:recv(Server, 5000),
  ok = gen_sctp:send(Server, Id, 2, <<"back">>),
  {ok, {Local, Port, [#sctp_sndrcvinfo{stream = 2}], <<"back">>}} = gen_sctp:recv(Client, 5000),
  {ok, [{sctp_status, #sctp_status{state = established}}]} =
    inet:getopts(Client, [{sctp_status, #sctp_status{assoc_id = Up#sctp_assoc_change.assoc_id}}]),
  ok = gen_sctp:eof(Client, Up),
  {ok, {_, _, [], #sctp_shutdown_event{assoc_id = Id}}} = gen_sctp:recv(Server, 5000),
  {ok, {_, _, [], #sctp_assoc_change{state = shutdown_comp}}} = gen_sctp:recv(Client, 5000),
  ok = gen_sctp:close(Client),
  ok = gen_sctp:close(Server).
END_ERLANG
(cd "$place" && erlc exchange.erl) || fail "erlc"
under erl -noshell -pa "$place" -s exchange main >"$place/erl.log" 2>&1 || fail "erl: exit status $?"
grep '^ok' "$place/erl.log"
