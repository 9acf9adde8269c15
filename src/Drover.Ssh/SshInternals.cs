using System.Reflection;
using System.Runtime.CompilerServices;
using Renci.SshNet;
using Renci.SshNet.Common;

namespace Drover.Ssh;

/// <summary>
/// The three things that we need of SSH.NET and that it does not offer: output pushed into our sinks as it is read
/// (its own streams keep all that is not read), and a terminal for a command. The version is pinned, and the tests of
/// output and terminals fail if these members change.
/// </summary>
internal static class SshInternals
{
    private const string ChannelType = "Renci.SshNet.Channels.ChannelSession, Renci.SshNet";

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

    [UnsafeAccessor(UnsafeAccessorKind.Method, Name = "Open")]
    private static extern void Open([UnsafeAccessorType(ChannelType)] object channel);

    [UnsafeAccessor(UnsafeAccessorKind.Method, Name = "SendPseudoTerminalRequest")]
    private static extern bool RequestTerminal(
        [UnsafeAccessorType(ChannelType)] object channel, string name, uint columns, uint rows, uint width, uint height, IDictionary<TerminalModes, uint> modes);
}
