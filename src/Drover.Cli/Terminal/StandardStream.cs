using System.Runtime.InteropServices;
using System.Text;

namespace Drover.Cli.Terminal;

/// <summary>
/// Standard output or standard error, straight to the kernel: bytes as they are, and a reader that has left is an error.
/// The runtime's own stream says nothing then, so that <c>drover run -- yes | head</c> would never end.
/// </summary>
internal sealed partial class StandardStream : Stream
{
    private const int Interrupted = 4;
    private const int TryAgain = 11;
    private const int BrokenPipe = 32;
    private const short Writable = 4;

    private readonly int _descriptor;

    private StandardStream(int descriptor) => _descriptor = descriptor;

    /// <summary>Standard output.</summary>
    public static StandardStream Output { get; } = new(1);

    /// <summary>Standard error. Who does not listen is not told: a broken pipe there is no failure.</summary>
    public static StandardStream Error { get; } = new(2);

    public override bool CanRead => false;

    public override bool CanSeek => false;

    public override bool CanWrite => true;

    public override long Length => throw new NotSupportedException();

    public override long Position { get => throw new NotSupportedException(); set => throw new NotSupportedException(); }

    /// <summary>Makes <see cref="Console"/> write through these.</summary>
    public static void Install()
    {
        Console.SetOut(new StreamWriter(Output, new UTF8Encoding(false), 16 * 1024) { AutoFlush = true });
        Console.SetError(new StreamWriter(Error, new UTF8Encoding(false), 1024) { AutoFlush = true });
    }

    public override void Write(ReadOnlySpan<byte> buffer)
    {
        while (!buffer.IsEmpty)
        {
            nint written = Write(_descriptor, buffer, buffer.Length);
            if (written >= 0)
            {
                buffer = buffer[(int)written..];
                continue;
            }

            switch (Marshal.GetLastPInvokeError())
            {
                case Interrupted:
                    break;
                case TryAgain:
                    var wait = new PollFile { Descriptor = _descriptor, Events = Writable };
                    _ = Poll(ref wait, 1, -1);
                    break;
                case BrokenPipe when this == Error:
                    return;
                case BrokenPipe:
                    throw new BrokenPipeException();
                case var error:
                    throw new IOException($"Output cannot be written: {Marshal.GetPInvokeErrorMessage(error)}.");
            }
        }
    }

    public override void Write(byte[] buffer, int offset, int count) => Write(buffer.AsSpan(offset, count));

    public override void Flush()
    {
    }

    public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

    public override void SetLength(long value) => throw new NotSupportedException();

    [LibraryImport("libc", EntryPoint = "write", SetLastError = true)]
    private static partial nint Write(int descriptor, ReadOnlySpan<byte> bytes, nint count);

    [LibraryImport("libc", EntryPoint = "poll", SetLastError = true)]
    private static partial int Poll(ref PollFile files, nuint count, int milliseconds);

    [StructLayout(LayoutKind.Sequential)]
    private struct PollFile
    {
        public int Descriptor;
        public short Events;
        public short Returned;
    }
}

/// <summary>The reader of our output has left, as <c>head</c> does.</summary>
internal sealed class BrokenPipeException() : IOException("The reader of the output has left.");
