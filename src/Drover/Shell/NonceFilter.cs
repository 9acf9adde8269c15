namespace Drover.Shell;

/// <summary>
/// Takes the wrapper's own lines, which begin with a nonce that nobody can guess, out of a stream, wherever they fall:
/// behind an unterminated line, split over any number of reads. All other bytes pass through exactly and at once, but
/// for a tail that could be the beginning of a nonce.
/// </summary>
/// <param name="nonce">The nonce: plain ASCII.</param>
internal sealed class NonceFilter(string nonce)
{
    private const int MaxLine = 16 * 1024;

    private readonly byte[] _nonce = System.Text.Encoding.ASCII.GetBytes(nonce);
    private readonly List<byte> _line = [];
    private int _matched;
    private bool _inLine;

    /// <summary>Receives bytes that are the job's own.</summary>
    public delegate void Pass(ReadOnlySpan<byte> bytes);

    /// <summary>Filters what was read; lines are handed over without nonce and line end.</summary>
    public void Feed(ReadOnlySpan<byte> bytes, Pass pass, Action<string> line)
    {
        while (bytes.Length > 0)
        {
            if (_inLine)
                bytes = TakeLine(bytes, line);
            else if (_matched > 0)
                bytes = GoOnMatching(bytes, pass, line);
            else
                bytes = Scan(bytes, pass);
        }
    }

    /// <summary>The stream has ended: lets go of what was held back.</summary>
    public void End(Pass pass)
    {
        if (_inLine)
            return;
        pass(_nonce.AsSpan(0, _matched));
        _matched = 0;
    }

    private ReadOnlySpan<byte> Scan(ReadOnlySpan<byte> bytes, Pass pass)
    {
        int at = bytes.IndexOf(_nonce);
        if (at >= 0)
        {
            PassOn(bytes[..at], pass);
            _inLine = true;
            return bytes[(at + _nonce.Length)..];
        }

        for (int held = Math.Min(_nonce.Length - 1, bytes.Length); held > 0; held--)
        {
            if (!bytes.EndsWith(_nonce.AsSpan(0, held)))
                continue;
            PassOn(bytes[..^held], pass);
            _matched = held;
            return [];
        }

        PassOn(bytes, pass);
        return [];
    }

    private ReadOnlySpan<byte> GoOnMatching(ReadOnlySpan<byte> bytes, Pass pass, Action<string> line)
    {
        int wanted = Math.Min(_nonce.Length - _matched, bytes.Length);
        if (bytes[..wanted].SequenceEqual(_nonce.AsSpan(_matched, wanted)))
        {
            _matched += wanted;
            if (_matched == _nonce.Length)
            {
                _matched = 0;
                _inLine = true;
            }

            return bytes[wanted..];
        }

        // Not the nonce after all. What was held may still hold a shorter beginning: scan it together with the rest.
        byte[] joined = [.. _nonce.AsSpan(0, _matched), .. bytes];
        pass(joined.AsSpan(0, 1));
        _matched = 0;
        Feed(joined.AsSpan(1), pass, line);
        return [];
    }

    private ReadOnlySpan<byte> TakeLine(ReadOnlySpan<byte> bytes, Action<string> line)
    {
        int end = bytes.IndexOf((byte)'\n');
        ReadOnlySpan<byte> part = end < 0 ? bytes : bytes[..end];
        if (_line.Count + part.Length <= MaxLine)
            _line.AddRange(part);
        if (end < 0)
            return [];
        string text = System.Text.Encoding.UTF8.GetString(_line.ToArray()).Trim();
        _line.Clear();
        _inLine = false;
        line(text);
        return bytes[(end + 1)..];
    }

    private static void PassOn(ReadOnlySpan<byte> bytes, Pass pass)
    {
        if (bytes.Length > 0)
            pass(bytes);
    }
}
