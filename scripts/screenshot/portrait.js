/*
 * Runs in the page, before its own scripts: instead of Chromium's test picture the camera shows a drawn person,
 * moving a little. Only the camera is drawn; coding, transport and decoding are the fleet's own. The look comes
 * from `window.portraitLook`, which the screenshot script sets first.
 */
(() => {
  const WIDTH = 1280;
  const HEIGHT = 720;
  // Four cameras in three layers each are coded on this machine's processor.
  const FRAMES_PER_SECOND = 12;
  const { wall, light, skin, hair, shirt, longHair, tempo } = window.portraitLook;

  function draw(context, seconds) {
    const sway = Math.sin(seconds * tempo) * 16;
    const nod = Math.sin(seconds * tempo * 1.7) * 6;
    const ellipse = (x, y, radiusX, radiusY, colour) => {
      context.fillStyle = colour;
      context.beginPath();
      context.ellipse(x, y, radiusX, radiusY, 0, 0, Math.PI * 2);
      context.fill();
    };
    context.fillStyle = wall;
    context.fillRect(0, 0, WIDTH, HEIGHT);
    const window_ = context.createLinearGradient(880, 60, 1200, 460);
    window_.addColorStop(0, light);
    window_.addColorStop(1, wall);
    context.fillStyle = window_;
    context.fillRect(900, 80, 290, 380);
    context.fillStyle = 'rgb(0 0 0 / 18%)';
    context.fillRect(70, 330, 300, 14);
    for (const [x, height] of [
      [90, 120],
      [128, 150],
      [170, 105],
      [206, 138],
      [262, 92],
    ]) {
      context.fillRect(x, 330 - height, 28, height);
    }
    const x = WIDTH / 2 + sway;
    const y = 330 + nod;
    if (longHair) ellipse(x, y + 70, 150, 210, hair);
    ellipse(x * 0.4 + WIDTH * 0.3, 800, 300, 260, shirt);
    context.fillStyle = skin;
    context.fillRect(x - 42, y + 90, 84, 120);
    ellipse(x, y - 30, 134, 150, hair);
    ellipse(x, y, 112, 142, skin);
    ellipse(x, y - 118, 112, 48, hair);
    const blink = seconds * tempo * 0.8 - Math.floor(seconds * tempo * 0.8) > 0.94 ? 2 : 9;
    ellipse(x - 42, y - 8, 9, blink, '#22252b');
    ellipse(x + 42, y - 8, 9, blink, '#22252b');
    context.strokeStyle = '#7a3b35';
    context.lineWidth = 7;
    context.lineCap = 'round';
    context.beginPath();
    context.arc(x, y + 34, 44, Math.PI * 0.2, Math.PI * 0.8);
    context.stroke();
  }

  function portrait() {
    const canvas = document.createElement('canvas');
    canvas.width = WIDTH;
    canvas.height = HEIGHT;
    const context = canvas.getContext('2d');
    const start = performance.now();
    const paint = () => draw(context, (performance.now() - start) / 1_000);
    paint();
    setInterval(paint, 1_000 / FRAMES_PER_SECOND);
    return canvas.captureStream(FRAMES_PER_SECOND).getVideoTracks();
  }

  const devices = navigator.mediaDevices;
  const original = devices.getUserMedia.bind(devices);
  devices.getUserMedia = async (constraints) => {
    const stream = await original(constraints);
    if (!constraints?.video) return stream;
    for (const track of stream.getVideoTracks()) track.stop();
    return new MediaStream([...stream.getAudioTracks(), ...portrait()]);
  };
})();
