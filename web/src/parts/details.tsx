import type { ComponentChildren } from 'preact';
import { boardLabel, dateTime, duration } from '../format.ts';
import type { Known } from '../state.ts';

function Row({ name, children }: { name: string; children: ComponentChildren }) {
  if (children === null) return null;
  return (
    <div>
      <dt>{name}</dt>
      <dd>{children}</dd>
    </div>
  );
}

const moment = (text: string | null) => (text ? dateTime(Date.parse(text)) : null);

// Somebody came with this device's old token: the owner may know the board, or may want to.
function Refusals({ device }: { device: Known }) {
  const refusal = device.registration?.last_refusal;
  if (!refusal) return null;
  return (
    <Row name="Last refused">
      <code>{refusal.mac}</code>, {moment(refusal.at)}: token {refusal.reason === 'used' ? 'already used' : 'expired'}
    </Row>
  );
}

export function Details({ device }: { device: Known }) {
  return (
    <section class="panel" aria-labelledby="details-title">
      <h2 id="details-title">Details</h2>
      <dl class="details">
        <Row name="Board">{boardLabel(device.board)}</Row>
        <Row name="Chip">{device.chip}</Row>
        <Row name="MAC">{device.mac && <code>{device.mac}</code>}</Row>
        <Row name="Firmware">{device.firmware_version}</Row>
        <Row name="Reports every">{duration(device.interval_s)}</Row>
        <Row name="Added">{moment(device.created_at)}</Row>
        <Row name="Registered">{moment(device.registered_at)}</Row>
        <Row name="Last seen">{device.last_seen_ms ? dateTime(device.last_seen_ms) : null}</Row>
        <Row name="Slowed down">
          {device.limited_at && <>{moment(device.limited_at)}: it asks more often than a device may. Let it report less often.</>}
        </Row>
        <Refusals device={device} />
        <Row name="Id">
          <code>{device.id}</code>
        </Row>
      </dl>
    </section>
  );
}
