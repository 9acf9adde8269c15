using System.Buffers;
using Drover.NetQueue.Protocol;

namespace Drover.Tests.NetQueue;

/// <summary>A million frames that make no sense: each is read or refused, and none costs more than it weighs.</summary>
public sealed class FuzzTests
{
    private const int Frames = 1_000_000;
    private const int MaxFrameBytes = 64 * 1024;

    /// <summary>What reading may allocate: a constant, and a factor on the frame's own length (an id of 17 bytes becomes an object).</summary>
    private const int MaxAllocated = 64 * 1024;

    [Fact]
    public void A_million_random_and_mutated_frames_are_read_or_refused()
    {
        var chance = new Random(20260105);
        byte[][] seeds = [.. Samples.Frames.Values];
        byte[] frame = new byte[4096];
        int refused = 0, read = 0;
        for (int n = 0; n < Frames; n++)
        {
            int length = n % 4 == 0 ? Invent(chance, frame) : Mutate(chance, seeds[chance.Next(seeds.Length)], frame);
            long before = GC.GetAllocatedBytesForCurrentThread();
            if (Read(frame.AsMemory(0, length)))
                read++;
            else
                refused++;
            long allocated = GC.GetAllocatedBytesForCurrentThread() - before;
            Assert.True(allocated < MaxAllocated, $"{allocated} bytes for {Convert.ToHexString(frame.AsSpan(0, length))}");
        }

        // Both must come about, or nothing was tried.
        Assert.True(refused > Frames / 10, $"{refused} refused");
        Assert.True(read > Frames / 100, $"{read} read");
    }

    private static bool Read(ReadOnlyMemory<byte> bytes)
    {
        var rest = new ReadOnlySequence<byte>(bytes);
        try
        {
            bool any = false;
            while (FrameReader.TryCut(ref rest, MaxFrameBytes, out var header, out var body))
                any |= Reading.ReadAndWrite(header.Type, body.FirstSpan) is not null;
            return any;
        }
        catch (ProtocolException)
        {
            return false;
        }
    }

    private static int Invent(Random chance, byte[] frame)
    {
        int length = chance.Next(0, 200);
        chance.NextBytes(frame.AsSpan(0, length));
        // Half of them with a header that fits, so that the bodies are looked at too.
        if (length >= Wire.HeaderBytes && chance.Next(2) == 0)
            new FrameHeader(length - Wire.HeaderBytes, (FrameType)frame[4], FrameFlags.None, 1).Write(frame);
        return length;
    }

    private static int Mutate(Random chance, byte[] seed, byte[] frame)
    {
        seed.CopyTo(frame, 0);
        int length = seed.Length;
        for (int changes = chance.Next(1, 6); changes > 0 && length > Wire.HeaderBytes; changes--)
        {
            int at = chance.Next(Wire.HeaderBytes, length);
            switch (chance.Next(4))
            {
                case 0:
                    frame[at] = (byte)chance.Next(256);
                    break;
                case 1:
                    frame[at] ^= (byte)(1 << chance.Next(8));
                    break;
                case 2:
                    frame[at] = 0xFF;
                    break;
                default:
                    length = at;
                    break;
            }
        }

        // The length is set right, so that the change reaches the body; now and then it is not.
        if (chance.Next(10) != 0)
            new FrameHeader(length - Wire.HeaderBytes, (FrameType)frame[4], FrameFlags.None, 1).Write(frame);
        return length;
    }
}
