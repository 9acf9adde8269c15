using Drover.NetQueue.Protocol;
using Drover.Servers;
using Drover.Storage;

namespace Drover.NetQueue.Messages;

/// <summary>Leases, with where and as whom they run: the only place where a credential travels.</summary>
internal static class LeaseMessages
{
    private const int MaxJumps = 8;

    // last_event_seq i64 | leases: count var, each: token | spec | ready_at time | started_at time | first_output_seq i64 | target
    public static void Write(FrameWriter w, IReadOnlyList<Lease> leases, long lastEventSeq, bool secure)
    {
        w.I64(lastEventSeq);
        w.Count(leases.Count);
        for (int i = 0; i < leases.Count; i++)
        {
            var lease = leases[i];
            JobCodec.WriteToken(w, lease.Token);
            SpecCodec.Write(w, lease.Spec);
            w.Time(lease.ReadyAt);
            w.Time(lease.StartedAt);
            w.I64(lease.FirstOutputSeq);
            WriteTarget(w, lease.Target, secure);
        }
    }

    public static IReadOnlyList<Lease> Read(ref BodyReader r)
    {
        var leases = new Lease[r.Count(44)];
        for (int i = 0; i < leases.Length; i++)
        {
            leases[i] = new()
            {
                Token = JobCodec.ReadToken(ref r),
                Spec = SpecCodec.Read(ref r),
                ReadyAt = r.Time(),
                StartedAt = r.Time(),
                FirstOutputSeq = r.I64(),
                Target = ReadTarget(ref r),
            };
        }

        return leases;
    }

    // server_id text | type text | blob text
    public static void WriteHostKeyReport(FrameWriter w, string serverId, HostKey shown)
    {
        w.Text(serverId);
        WriteHostKey(w, shown);
    }

    // type text | blob text (base64)
    public static void WriteHostKey(FrameWriter w, HostKey key)
    {
        w.Text(key.Type);
        w.Text(key.Blob);
    }

    public static HostKey ReadHostKey(ref BodyReader r) => new(r.Word(), r.Text());

    // kind u8: 0 none, 1 local, 2 ssh | local and ssh: server_id text, server_name text | ssh: see below
    private static void WriteTarget(FrameWriter w, ExecutionTarget? target, bool secure)
    {
        w.U8(target switch { null => 0, LocalTarget => 1, SshTarget => 2, _ => throw new NotSupportedException(target.GetType().Name) });
        if (target is null)
            return;
        w.Text(target.ServerId);
        w.Text(target.ServerName);
        if (target is SshTarget ssh)
            WriteSsh(w, ssh, secure);
    }

    // host text | port int | user text | revision i64 | policy u8 (0 tofu, 1 strict, 2 off) | has u8 | then each whose bit is set:
    // 0 password text | 1 private_key bytes | 2 passphrase text | 3 host_key: type text, blob text | 4 jump: kind u8 2, and so on as a target
    private static void WriteSsh(FrameWriter w, SshTarget ssh, bool secure)
    {
        if (!secure)
            throw new ProtocolException(ErrorCode.Insecure, "Credentials travel only over TLS or loopback.");
        var credential = ssh.Credential;
        w.Text(ssh.Host);
        w.Int(ssh.Port);
        w.Text(ssh.User);
        w.I64(ssh.Revision);
        w.U8((byte)ssh.HostKeyPolicy);
        w.U8((byte)((credential.Password is null ? 0 : 1) | (credential.PrivateKey is null ? 0 : 2) | (credential.Passphrase is null ? 0 : 4)
            | (ssh.HostKey is null ? 0 : 8) | (ssh.Jump is null ? 0 : 16)));
        if (credential.Password is { } password)
            w.Text(password);
        if (credential.PrivateKey is { } key)
            w.Bytes(key.Span);
        if (credential.Passphrase is { } passphrase)
            w.Text(passphrase);
        if (ssh.HostKey is { } hostKey)
            WriteHostKey(w, hostKey);
        if (ssh.Jump is { } jump)
            WriteTarget(w, jump, secure);
    }

    private static ExecutionTarget? ReadTarget(ref BodyReader r, int jumps = 0)
    {
        byte kind = r.UpTo(2);
        if (kind == 0)
            return null;
        string id = r.Word(), name = r.Word();
        return kind == 1 ? new LocalTarget { ServerId = id, ServerName = name } : ReadSsh(ref r, id, name, jumps);
    }

    private static SshTarget ReadSsh(ref BodyReader r, string id, string name, int jumps)
    {
        string host = r.Text();
        int port = r.Int();
        string user = r.Text();
        long revision = r.I64();
        var policy = (HostKeyPolicy)r.UpTo((byte)HostKeyPolicy.Off);
        byte has = r.UpTo(31);
        if (jumps > MaxJumps)
            throw BodyReader.Malformed($"More than {MaxJumps} servers in a row.");
        return new()
        {
            ServerId = id,
            ServerName = name,
            Host = host,
            Port = port,
            User = user,
            Revision = revision,
            HostKeyPolicy = policy,
            Credential = new()
            {
                Password = (has & 1) != 0 ? r.Text() : null,
                PrivateKey = (has & 2) != 0 ? (ReadOnlyMemory<byte>?)r.Bytes().ToArray() : null,
                Passphrase = (has & 4) != 0 ? r.Text() : null,
            },
            HostKey = (has & 8) != 0 ? ReadHostKey(ref r) : null,
            Jump = (has & 16) != 0 ? ReadTarget(ref r, jumps + 1) as SshTarget ?? throw BodyReader.Malformed("A jump server is no SSH server.") : null,
        };
    }
}
