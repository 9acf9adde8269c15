using System.CommandLine;
using Drover.Cli.Client;
using Drover.Cli.Configuration;
using Drover.Cli.Terminal;

namespace Drover.Cli.Verbs;

/// <summary>What every verb shares: its options, its client, its way to fail.</summary>
internal static class Verb
{
    public static readonly Option<string?> Url = new("--url") { Description = "Drover's address; else DROVER_URL, else the one in the data folder", Recursive = true, HelpName = "URL" };
    public static readonly Option<string?> Token = new("--token") { Description = "the token; else DROVER_TOKEN, else the one in the data folder", Recursive = true, HelpName = "TOKEN" };
    public static readonly Option<string?> Data = new("--data") { Description = "the data folder; else DROVER_DATA, else ./drover-data", Recursive = true, HelpName = "FOLDER" };
    public static readonly Option<string?> ConfigFile = new("--config") { Description = "the configuration file; else ./drover.json if it is there", Recursive = true, HelpName = "FILE" };
    public static readonly Option<bool> Json = new("--json") { Description = "answer with JSON, for machines", Recursive = true };

    /// <summary>A verb with an example in its help.</summary>
    public static Command Make(string name, string description, string example, params IEnumerable<Symbol> parts)
    {
        var command = new Command(name, description);
        Help.AddExample(command, example);
        foreach (var part in parts)
        {
            if (part is Option option)
                command.Options.Add(option);
            else if (part is Argument argument)
                command.Arguments.Add(argument);
            else
                command.Subcommands.Add((Command)part);
        }

        return command;
    }

    /// <inheritdoc cref="Help.AddUsage"/>
    public static T Usage<T>(this T command, string usage)
        where T : Command
    {
        Help.AddUsage(command, usage);
        return command;
    }

    /// <summary>Gives a verb that talks to a running Drover its work.</summary>
    public static Command Calls(this Command command, Func<ParseResult, Call, Task<int>> work)
    {
        command.SetAction(async (parsed, cancel) =>
        {
            using var client = new DroverClient(Target(parsed));
            return await work(parsed, new Call(client, new Screen(parsed.GetValue(Json)), cancel));
        });
        return command;
    }

    /// <summary>The Drover that a call is for.</summary>
    public static ClientTarget Target(ParseResult parsed) =>
        ClientTarget.Find(parsed.GetValue(Url), parsed.GetValue(Token), SettingsLoader.ForClient(parsed.GetValue(Data), parsed.GetValue(ConfigFile)));

    /// <summary>Runs work and turns what goes wrong into one line and an exit code.</summary>
    public static async Task<int> GuardAsync(Func<Task<int>> work)
    {
        try
        {
            return await work();
        }
        catch (UsageException wrong)
        {
            return Fail(wrong.Message, ExitCodes.Usage);
        }
        catch (SettingException wrong)
        {
            return Fail(wrong.Message, ExitCodes.Usage);
        }
        catch (UnreachableException away)
        {
            return Fail(away.Message, ExitCodes.Unreachable);
        }
        catch (ApiException refused)
        {
            return Fail(refused.Message, refused.IsUsage ? ExitCodes.Usage : ExitCodes.Other);
        }
        catch (BrokenPipeException)
        {
            // Whoever read our output has left (`| head`): nobody is there to be told.
            return ExitCodes.BrokenPipe;
        }
        catch (OperationCanceledException)
        {
            return ExitCodes.Canceled;
        }
        catch (IOException failed)
        {
            return Fail(failed.Message, ExitCodes.Other);
        }
        catch (Exception fault) when (Environment.GetEnvironmentVariable("DROVER_DEBUG") is null or "")
        {
            return Fail($"{fault.GetType().Name}: {fault.Message} This is a fault of drover; with DROVER_DEBUG=1 it shows where.", ExitCodes.Other);
        }
    }

    public static int Fail(string message, int code)
    {
        Console.Error.WriteLine("drover: " + Words.Plain(message));
        return code;
    }
}

/// <summary>What a verb works with.</summary>
internal sealed record Call(DroverClient Client, Screen Screen, CancellationToken Cancel)
{
    public static DateTimeOffset Now => TimeProvider.System.GetUtcNow();
}
