import { createSocket } from 'node:dgram';

/**
 * Binds as many UDP ports as it is told and reports them. The bench then stops this process (SIGSTOP): the kernel
 * goes on to take packets and drops them, so that receiving costs the machine nothing.
 */
process.on('message', (count: number) => {
  const bound = Array.from(
    { length: count },
    () =>
      new Promise<number>((resolve) => {
        const socket = createSocket('udp4');
        socket.bind(0, '127.0.0.1', () => {
          socket.setRecvBufferSize(4_096);
          resolve(socket.address().port);
        });
      }),
  );
  void Promise.all(bound).then((ports) => process.send?.(ports));
});
process.on('disconnect', () => process.exit(0));
