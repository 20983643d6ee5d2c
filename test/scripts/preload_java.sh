#!/usr/bin/env bash
# The JDK's com.sun.nio.sctp: SctpServerChannel, SctpChannel, SctpMultiChannel, branch() (peeloff), a Selector.
source "${SOURCE_DIR:?}/test/scripts/preload.bash"
needs java javac
cat >"$place/Exchange.java" <<'END_JAVA'
import com.sun.nio.sctp.*;
import java.net.*;
import java.nio.ByteBuffer;
import java.nio.channels.*;

public class Exchange {
  static void check(boolean holds, String what) {
    if (!holds) throw new AssertionError(what);
  }
  static ByteBuffer bytes(String text) { return ByteBuffer.wrap(text.getBytes()); }
  static String text(ByteBuffer buffer) { return new String(buffer.array(), 0, buffer.position()); }

  public static void main(String[] arguments) throws Exception {
    InetSocketAddress any = new InetSocketAddress("127.0.0.1", 0);
    SctpServerChannel listener = SctpServerChannel.open().bind(any);
    listener.bindAddress(InetAddress.getByName("127.0.0.2"));
    check(listener.getAllLocalAddresses().size() == 2, "two local addresses");
    SctpChannel client = SctpChannel.open(listener.getAllLocalAddresses().iterator().next(), 5, 5);
    SctpChannel server = listener.accept();
    check(client.association().maxOutboundStreams() == 5, "streams");

    Selector selector = Selector.open();
    server.configureBlocking(false);
    server.register(selector, SelectionKey.OP_READ);
    client.send(bytes("hello"), MessageInfo.createOutgoing(null, 2).payloadProtocolID(46));
    check(selector.select(5000) == 1, "select");
    ByteBuffer buffer = ByteBuffer.allocate(100);
    MessageInfo info = server.receive(buffer, null, null);
    check(info.streamNumber() == 2 && info.payloadProtocolID() == 46 && text(buffer).equals("hello"), "message");

    SctpMultiChannel one = SctpMultiChannel.open().bind(any), other = SctpMultiChannel.open().bind(any);
    other.send(bytes("many"), MessageInfo.createOutgoing(one.getAllLocalAddresses().iterator().next(), 0));
    buffer.clear();
    info = one.receive(buffer, null, null);
    check(text(buffer).equals("many"), "one to many");
    SctpChannel branch = one.branch(info.association());
    branch.send(bytes("peeled off"), MessageInfo.createOutgoing(null, 0));
    buffer.clear();
    other.receive(buffer, null, null);
    check(text(buffer).equals("peeled off"), "branch");

    client.shutdown();
    for (AutoCloseable each : new AutoCloseable[] {client, selector, server, listener, branch, one, other}) each.close();
    System.out.println("ok: java");
  }
}
END_JAVA
timeout 60 javac -d "$place" "$place/Exchange.java" 2>"$place/javac.log" || fail "javac"
under java -Xshare:auto -XX:TieredStopAtLevel=1 -cp "$place" Exchange >"$place/java.log" 2>&1 || fail "java: exit status $?"
grep '^ok' "$place/java.log"
