using System.Diagnostics;

namespace Llm4Msr.Testing;

/// <summary>A file system of a fixed size in memory; a test is skipped where it cannot be mounted.</summary>
internal sealed class TinyDisk : IDisposable
{
    private readonly string _folder;

    private TinyDisk(string folder) => _folder = folder;

    public string this[string name] => Path.Combine(_folder, name);

    public static TinyDisk Mount(string folder, string size)
    {
        Assert.SkipUnless(OperatingSystem.IsLinux() && Environment.IsPrivilegedProcess, "skipped: needs root on Linux, to mount a small disk");
        Directory.CreateDirectory(folder);
        var problem = Run("mount", "-t", "tmpfs", "-o", $"size={size}", "tmpfs", folder);
        Assert.SkipWhen(problem is not null, $"skipped: needs the right to mount a small disk ({problem})");
        return new TinyDisk(folder);
    }

    public void Resize(string size) => Assert.Null(Run("mount", "-o", $"remount,size={size}", _folder));

    public void MakeReadOnly() => Assert.Null(Run("mount", "-o", "remount,ro", _folder));

    public void Dispose() => Run("umount", "-l", _folder);

    private static string? Run(string program, params string[] arguments)
    {
        using var process = Process.Start(new ProcessStartInfo(program, arguments) { RedirectStandardError = true })!;
        var error = process.StandardError.ReadToEnd();
        process.WaitForExit();
        return process.ExitCode == 0 ? null : error.Trim();
    }
}
