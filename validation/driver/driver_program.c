/* The program with the tasks of the tests instead of the product's. */
#include "driver/logistic_task.h"
#include "driver/qv_driver.h"

int main(int argc, char **argv)
{
  static const qv_task_class *const table[] = {&logistic_task, &logistic_twin, NULL};
  return qv_driver_main(argc, argv, table);
}
