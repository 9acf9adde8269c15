using System.Reflection;
using System.Runtime.CompilerServices;
using Renci.SshNet;
using Renci.SshNet.Common;

namespace Drover.Ssh;

/// <summary>
/// The things that we need of SSH.NET and that it does not offer: output pushed into our sinks as it is read (its own
/// streams keep all that is not read), a terminal for a command, and input that never comes after a channel's end. The
/// version is pinned, and the tests of output, input and terminals fail if these members change.
/// </summary>
internal static class SshInternals
{
    private const string ChannelType = "Renci.SshNet.Channels.Channel, Renci.SshNet";
    private const string SessionChannelType = "Renci.SshNet.Channels.ChannelSession, Renci.SshNet";

    // An accessor cannot answer a field whose type is not ours to name; the trimmer understands this form and keeps it.
    private static readonly FieldInfo ChannelField = typeof(SshCommand).GetField("_channel", BindingFlags.Instance | BindingFlags.NonPublic)
        ?? throw new MissingFieldException(nameof(SshCommand), "_channel");

    [UnsafeAccessor(UnsafeAccessorKind.Method, Name = "set_OutputStream")]
    public static extern void SetOutput(SshCommand command, Stream sink);

    [UnsafeAccessor(UnsafeAccessorKind.Method, Name = "set_ExtendedOutputStream")]
    public static extern void SetExtendedOutput(SshCommand command, Stream sink);

    /// <summary>Opens the command's channel now and asks for a terminal on it; executing then finds it open.</summary>
    /// <returns>Whether the server agreed.</returns>
    public static bool OpenWithTerminal(SshCommand command)
    {
        object channel = ChannelField.GetValue(command)!;
        Open(channel);
        return RequestTerminal(channel, "xterm", 200, 50, 0, 0, new Dictionary<TerminalModes, uint>());
    }

    /// <summary>
    /// Sends what the server takes at once. A command that ends meanwhile has its channel closed by the reading thread, and
    /// data behind that close makes sshd end the connection with all other jobs on it (RFC 4254, section 5.3). The library
    /// only looks before it sends; so we look and send under the lock under which it closes, never waiting for room there.
    /// </summary>
    /// <returns>How many bytes; 0 when there is no room; null when the channel is closed.</returns>
    public static int? SendNow(SshCommand command, byte[] bytes, int offset)
    {
        if (ChannelField.GetValue(command) is not { } channel)
            return null;
        using (MessagingLock(channel).EnterScope())
        {
            if (!IsOpen(channel))
                return null;
            int size = (int)Math.Min(RemoteWindowSize(channel), (uint)(bytes.Length - offset));
            if (size > 0)
                SendData(channel, bytes, offset, size);
            return size;
        }
    }

    [UnsafeAccessor(UnsafeAccessorKind.Field, Name = "_messagingLock")]
    private static extern ref Lock MessagingLock([UnsafeAccessorType(ChannelType)] object channel);

    [UnsafeAccessor(UnsafeAccessorKind.Method, Name = "get_IsOpen")]
    private static extern bool IsOpen([UnsafeAccessorType(ChannelType)] object channel);

    [UnsafeAccessor(UnsafeAccessorKind.Method, Name = "get_RemoteWindowSize")]
    private static extern uint RemoteWindowSize([UnsafeAccessorType(ChannelType)] object channel);

    [UnsafeAccessor(UnsafeAccessorKind.Method, Name = "SendData")]
    private static extern void SendData([UnsafeAccessorType(ChannelType)] object channel, byte[] data, int offset, int size);

    [UnsafeAccessor(UnsafeAccessorKind.Method, Name = "Open")]
    private static extern void Open([UnsafeAccessorType(SessionChannelType)] object channel);

    [UnsafeAccessor(UnsafeAccessorKind.Method, Name = "SendPseudoTerminalRequest")]
    private static extern bool RequestTerminal(
        [UnsafeAccessorType(SessionChannelType)] object channel, string name, uint columns, uint rows, uint width, uint height, IDictionary<TerminalModes, uint> modes);
}
