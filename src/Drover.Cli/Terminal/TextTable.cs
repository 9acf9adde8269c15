using Spectre.Console;
using Spectre.Console.Rendering;

namespace Drover.Cli.Terminal;

/// <summary>
/// Aligned columns without lines, one row a line. When the terminal is too narrow, columns that may are cut with an
/// ellipsis, then columns that may are left out: a row never wraps. Cells are Spectre markup.
/// </summary>
internal sealed class TextTable : Renderable
{
    private const int Gap = 2;

    private readonly List<Column> _columns = [];
    private readonly List<string[]> _rows = [];

    /// <summary>Whether there is nothing in it.</summary>
    public bool IsEmpty => _rows.Count == 0;

    /// <summary>Adds a column.</summary>
    /// <param name="name">Its heading.</param>
    /// <param name="right">Whether it is aligned to the right.</param>
    /// <param name="cutTo">The width to which it may be cut; 0 for never.</param>
    /// <param name="dropRank">Columns that may be left out: the highest goes first; 0 for never.</param>
    public TextTable Add(string name, bool right = false, int cutTo = 0, int dropRank = 0)
    {
        _columns.Add(new(name, right, cutTo, dropRank));
        return this;
    }

    /// <summary>Adds columns that are never cut nor left out.</summary>
    public TextTable Add(params IEnumerable<string> names)
    {
        foreach (string name in names)
            Add(name);
        return this;
    }

    /// <summary>Adds a row.</summary>
    public void Row(params string[] cells) => _rows.Add(cells);

    protected override Measurement Measure(RenderOptions options, int maxWidth) => new(Math.Min(20, maxWidth), maxWidth);

    protected override IEnumerable<Segment> Render(RenderOptions options, int maxWidth)
    {
        bool headed = _columns.Exists(column => column.Name.Length > 0);
        var lines = new List<List<Segment>[]>();
        if (headed)
            lines.Add([.. _columns.Select(column => Parse($"[grey]{column.Name.ToUpperInvariant()}[/]", options))]);
        lines.AddRange(_rows.Select(row => row.Select(cell => Parse(cell, options)).ToArray()));

        int[] widths = Fit([.. _columns.Select((_, i) => lines.Max(line => Segment.CellCount(line[i])))], maxWidth);
        foreach (var line in lines)
        {
            foreach (var segment in First(Line(line, widths), maxWidth))
                yield return segment;
            yield return Segment.LineBreak;
        }
    }

    private static List<Segment> Parse(string markup, RenderOptions options) =>
        [.. ((IRenderable)new Markup(markup)).Render(options, short.MaxValue).Where(segment => !segment.IsLineBreak)];

    private List<Segment> Line(List<Segment>[] cells, int[] widths)
    {
        var line = new List<Segment>();
        int owed = 0;
        for (int i = 0; i < cells.Length; i++)
        {
            if (widths[i] < 0)
                continue;
            var cell = Cut(cells[i], widths[i]);
            int free = widths[i] - Segment.CellCount(cell);
            // Blanks are written only before something: no line ends in them.
            int before = owed + (_columns[i].Right ? free : 0);
            if (cell.Count > 0)
            {
                if (before > 0)
                    line.Add(new Segment(new string(' ', before)));
                line.AddRange(cell);
                owed = Gap + (_columns[i].Right ? 0 : free);
            }
            else
            {
                owed += widths[i] + Gap;
            }
        }

        return line;
    }

    private static List<Segment> Cut(List<Segment> cell, int width)
    {
        cell.RemoveAll(segment => segment.Text.Length == 0);
        if (Segment.CellCount(cell) <= width)
            return cell;
        if (width < 2)
            return First(cell, width);
        var style = cell[^1].Style;
        cell = First(cell, width - 1);
        cell[^1] = new Segment(cell[^1].Text.TrimEnd(), cell[^1].Style);
        return [.. cell, new Segment("…", style)];
    }

    /// <summary>As much as fits; the library's own way with many segments leaves out the one that fits in part.</summary>
    private static List<Segment> First(List<Segment> segments, int width)
    {
        var first = new List<Segment>();
        foreach (var segment in segments)
        {
            int left = width - Segment.CellCount(first);
            if (left > 0 && Segment.Truncate(segment, left) is { } part)
                first.Add(part);
        }

        return first;
    }

    /// <summary>The columns' widths; -1 for one that is left out.</summary>
    private int[] Fit(int[] natural, int maxWidth)
    {
        int[] widths = [.. natural];
        // A column in which nothing stands says nothing.
        for (int i = 0; i < widths.Length; i++)
        {
            if (_columns[i].DropRank > 0 && _rows.TrueForAll(row => row[i].Length == 0))
                widths[i] = -1;
        }

        while (true)
        {
            int shown = widths.Count(width => width >= 0);
            int excess = widths.Where(width => width >= 0).Sum() + (Gap * (shown - 1)) - maxWidth;
            for (; excess > 0 && WidestToCut(widths) is >= 0 and int widest; excess--)
                widths[widest]--;
            if (excess <= 0 || LeastWanted(widths) is not (>= 0 and int least))
                return widths;
            widths[least] = -1;
            for (int i = 0; i < widths.Length; i++)
                widths[i] = widths[i] < 0 ? -1 : natural[i];
        }
    }

    private int WidestToCut(int[] widths)
    {
        int found = -1;
        for (int i = 0; i < widths.Length; i++)
        {
            if (_columns[i].CutTo > 0 && widths[i] > _columns[i].CutTo && (found < 0 || widths[i] > widths[found]))
                found = i;
        }

        return found;
    }

    private int LeastWanted(int[] widths)
    {
        int found = -1;
        for (int i = 0; i < widths.Length; i++)
        {
            if (widths[i] >= 0 && _columns[i].DropRank > 0 && (found < 0 || _columns[i].DropRank > _columns[found].DropRank))
                found = i;
        }

        return found;
    }

    private sealed record Column(string Name, bool Right, int CutTo, int DropRank);
}
