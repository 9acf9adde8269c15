using System.CommandLine;
using System.Text;
using System.Text.Json;
using Drover.Cli.Client;
using Drover.Cli.Terminal;
using Drover.Migration;
using Spectre.Console;

namespace Drover.Cli.Verbs.Migrate;

/// <summary><c>drover migrate</c>: moves everything from one store to another.</summary>
internal static class MigrateVerb
{
    private static readonly Option<string> From = new("--from") { Description = "the store to read: sqlite:FOLDER, postgres://… or redis://…", HelpName = "URL", Required = true };
    private static readonly Option<string> To = new("--to") { Description = "the store to fill, which no node has used yet", HelpName = "URL", Required = true };
    private static readonly Option<bool> DryRun = new("--dry-run") { Description = "only tell what would be moved" };
    private static readonly Option<bool> LoseRunning = new("--lose-running") { Description = "treat running jobs as those of a lost worker, in place of refusing" };

    public static Command Make()
    {
        var command = Verb.Make("migrate", "move jobs, servers, keys and all else from one store to another",
            "drover migrate --from sqlite:./drover-data --to postgres://drover@db/drover", From, To, DryRun, LoseRunning);
        command.SetAction((parsed, cancel) => RunAsync(
            parsed.GetRequiredValue(From), parsed.GetRequiredValue(To), parsed.GetValue(DryRun), parsed.GetValue(LoseRunning), new Screen(parsed.GetValue(Verb.Json)), cancel));
        return command;
    }

    private static async Task<int> RunAsync(string source, string target, bool dryRun, bool loseRunning, Screen screen, CancellationToken cancel)
    {
        if (source == target)
            throw new UsageException("--from and --to name the same store.");
        await using var from = await MigrationEnd.OpenAsync(source, "--from", make: false);
        await using var to = await MigrationEnd.OpenAsync(target, "--to", make: true);
        MigrationReport report;
        try
        {
            report = dryRun ? await Migration().PlanAsync(cancel) : await WatchedAsync(screen, tell => Migration(tell).RunAsync(cancel));
        }
        catch (MigrationException refused)
        {
            return Verb.Fail(refused.Message, ExitCodes.Other);
        }
        catch (OperationCanceledException)
        {
            screen.Note("Broken off. The same command goes on where this one stopped; until it has ended no node starts on the target.");
            throw;
        }

        if (screen.Json)
            PrintJson(report, dryRun);
        else
            Print(screen, report, dryRun, to.Parts.Name);
        return 0;

        StoreMigration Migration(Action<MigrationProgress>? tell = null) => new(from.Parts, to.Parts, TimeProvider.System) { Progress = tell, LoseRunning = loseRunning };
    }

    /// <summary>A bar for each step, on a terminal only.</summary>
    private static async Task<MigrationReport> WatchedAsync(Screen screen, Func<Action<MigrationProgress>?, Task<MigrationReport>> run)
    {
        if (!screen.IsForPeople)
            return await run(null);
        return await screen.Error.Progress().AutoClear(true).StartAsync(async bars =>
        {
            var tasks = new Dictionary<string, ProgressTask>();
            return await run(now =>
            {
                if (!tasks.TryGetValue(now.Step, out var bar))
                    tasks[now.Step] = bar = bars.AddTask(now.Step);
                (bar.MaxValue, bar.Value) = (Math.Max(1, now.Total), now.Done);
            });
        });
    }

    private static void Print(Screen screen, MigrationReport report, bool dryRun, string target)
    {
        var table = new TextTable().Add("what").Add("count", right: true);
        if (!dryRun)
            table.Add("SHA-256, in both");
        foreach (var kind in report.Kinds)
            table.Row([Words.Cell(kind.Kind), Words.Number(kind.Count), .. dryRun ? (string[])[] : [kind.Checksum]]);
        screen.Write(table);
        if (dryRun)
            screen.Note(report.Resumed ? "A migration was begun and would go on." : "Nothing was moved: --dry-run.");
        else
            screen.Note($"Everything is in {target} and was compared. Secrets stay sealed with the old key ring: give the new nodes its DROVER_MASTER_KEY or its file key-ring.");
    }

    private static void PrintJson(MigrationReport report, bool dryRun)
    {
        using var bytes = new MemoryStream();
        using (var writer = new Utf8JsonWriter(bytes, new JsonWriterOptions { Indented = true }))
        {
            writer.WriteStartObject();
            writer.WriteBoolean("dry_run", dryRun);
            writer.WriteBoolean("resumed", report.Resumed);
            writer.WriteStartArray("items");
            foreach (var kind in report.Kinds)
            {
                writer.WriteStartObject();
                writer.WriteString("kind", kind.Kind);
                writer.WriteNumber("count", kind.Count);
                if (!dryRun)
                    writer.WriteString("checksum", kind.Checksum);
                writer.WriteEndObject();
            }

            writer.WriteEndArray();
            writer.WriteEndObject();
        }

        Console.Out.WriteLine(Encoding.UTF8.GetString(bytes.ToArray()));
    }
}
